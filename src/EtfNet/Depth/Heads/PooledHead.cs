using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A linear classifier behind pooled features: what stands in the place of a tail whose input are maps or token sequences.
/// </summary>
internal sealed class PooledHead : nn.Module<Tensor, Tensor>
{
    // Of a type that takes a fixed layer as well.
    [ComponentName(Name = "linear")]
    private readonly nn.Module<Tensor, Tensor> _linear;

    public PooledHead(Linear linear, FeaturePooling pooling)
        : base(nameof(PooledHead))
    {
        (_linear, Pooling) = (linear, pooling);
        RegisterComponents();
    }

    public FeaturePooling Pooling { get; }

    public nn.Module Classifier => _linear;

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = Pooling switch
        {
            FeaturePooling.SpatialMean when input.dim() > 2 => input.flatten(2).mean([2L]),
            FeaturePooling.TokenMean when input.dim() > 2 => input.flatten(1, input.dim() - 2).mean([1L]),
            FeaturePooling.ClassToken when input.dim() > 2 => input.flatten(1, input.dim() - 2).select(1, 0),
            _ => input.flatten(1),
        };
        return _linear.call(features).MoveToOuterDisposeScope();
    }
}
