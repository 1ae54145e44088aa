using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A trained factor for each feature, from 1 on: what a fixed frame, whose rows are all of one norm, lacks.</summary>
internal sealed class UnitScale : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public UnitScale(long features, ScalarType dtype)
        : base(nameof(UnitScale))
    {
        _weight = new Parameter(ones(features, dtype: dtype));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => input * _weight;
}
