using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>x + relu(norm(linear(x))).</summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "linear")]
    private readonly nn.Module<Tensor, Tensor> _linear;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    public ResidualBlock(int width)
        : base(nameof(ResidualBlock))
    {
        _linear = nn.Linear(width, width);
        _norm = nn.BatchNorm1d(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return (input + nn.functional.relu(_norm.call(_linear.call(input)))).MoveToOuterDisposeScope();
    }
}
