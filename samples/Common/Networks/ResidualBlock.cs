namespace EtfNet.Samples;

/// <summary>Two 3 x 3 convolutions with batch norms, added to the input, or to a 1 x 1 convolution of it where the shape changes.</summary>
public sealed class ResidualBlock : Module
{
    private readonly Module conv1, norm1, conv2, norm2;
    private readonly Module? side;

    public ResidualBlock(int inChannels, int outChannels, int stride)
        : base(nameof(ResidualBlock))
    {
        conv1 = nn.Conv2d(inChannels, outChannels, 3, stride: stride, padding: 1, bias: false);
        norm1 = nn.BatchNorm2d(outChannels);
        conv2 = nn.Conv2d(outChannels, outChannels, 3, padding: 1, bias: false);
        norm2 = nn.BatchNorm2d(outChannels);
        if (inChannels != outChannels)
            side = nn.Sequential(
                ("conv", nn.Conv2d(inChannels, outChannels, 1, stride: stride, bias: false)), ("norm", nn.BatchNorm2d(outChannels)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = nn.functional.relu(norm1.call(conv1.call(input)));
        return nn.functional.relu(norm2.call(conv2.call(x)) + (side?.call(input) ?? input)).MoveToOuterDisposeScope();
    }
}
