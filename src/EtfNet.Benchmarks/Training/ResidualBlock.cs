using EtfNet.Benchmarks.Layers;

namespace EtfNet.Benchmarks.Training;

/// <summary>Two 3 x 3 convolutions with batch norms, added to the input, or to a 1 x 1 convolution of it where the shape changes.</summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _main;
    private readonly nn.Module<Tensor, Tensor>? _side;

    public ResidualBlock(long inChannels, long outChannels, long stride, LayerKind kind)
        : base(nameof(ResidualBlock))
    {
        _main = nn.Sequential(
            ("conv1", Frames.Convolution(kind, inChannels, outChannels, stride)),
            ("norm1", nn.BatchNorm2d(outChannels)),
            ("act", nn.ReLU()),
            ("conv2", Frames.Convolution(kind, outChannels, outChannels)),
            ("norm2", nn.BatchNorm2d(outChannels)));
        _side = stride == 1 && inChannels == outChannels
            ? null
            : nn.Sequential(("conv", nn.Conv2d(inChannels, outChannels, 1, stride, bias: false)), ("norm", nn.BatchNorm2d(outChannels)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _main.call(input).add_(_side?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}
