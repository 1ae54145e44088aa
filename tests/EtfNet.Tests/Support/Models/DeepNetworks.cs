using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Small networks in the shape of those that people train: every convolution followed by a batch norm, one linear head.</summary>
internal static class DeepNetworks
{
    /// <summary>Depthwise separable blocks.</summary>
    public static nn.Module<Tensor, Tensor> MobileNet(int classes)
    {
        var parts = new List<(string, nn.Module<Tensor, Tensor>)>
        {
            ("stem", nn.Conv2d(3, 16, 3, stride: 2, padding: 1, bias: false)), ("stem_norm", nn.BatchNorm2d(16)), ("stem_act", nn.ReLU()),
        };
        var (width, index) = (16L, 0);
        foreach (var (next, stride) in new (long, long)[] { (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1) })
        {
            index++;
            parts.Add(($"depth{index}", nn.Conv2d(width, width, 3, stride: stride, padding: 1, groups: width, bias: false)));
            parts.Add(($"depth{index}_norm", nn.BatchNorm2d(width)));
            parts.Add(($"depth{index}_act", nn.ReLU()));
            parts.Add(($"point{index}", nn.Conv2d(width, next, 1, bias: false)));
            parts.Add(($"point{index}_norm", nn.BatchNorm2d(next)));
            parts.Add(($"point{index}_act", nn.ReLU()));
            width = next;
        }

        parts.Add(("pool", nn.AdaptiveAvgPool2d(1)));
        parts.Add(("flat", nn.Flatten()));
        parts.Add(("head", nn.Linear(width, classes)));
        return nn.Sequential(parts);
    }

    /// <summary>Residual blocks of two convolutions.</summary>
    public static nn.Module<Tensor, Tensor> ResNet(int classes) => nn.Sequential(
        ("stem", nn.Conv2d(3, 16, 3, padding: 1, bias: false)), ("stem_norm", nn.BatchNorm2d(16)), ("stem_act", nn.ReLU()),
        ("block1", new Block(16, 16, 1)), ("block2", new Block(16, 32, 2)), ("block3", new Block(32, 32, 1)),
        ("block4", new Block(32, 64, 2)), ("block5", new Block(64, 64, 1)),
        ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("head", nn.Linear(64, classes)));

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv1;
        private readonly nn.Module<Tensor, Tensor> norm1;
        private readonly nn.Module<Tensor, Tensor> conv2;
        private readonly nn.Module<Tensor, Tensor> norm2;
        private readonly nn.Module<Tensor, Tensor> skip;

        public Block(long inputs, long outputs, long stride)
            : base(nameof(Block))
        {
            conv1 = nn.Conv2d(inputs, outputs, 3, stride: stride, padding: 1, bias: false);
            norm1 = nn.BatchNorm2d(outputs);
            conv2 = nn.Conv2d(outputs, outputs, 3, padding: 1, bias: false);
            norm2 = nn.BatchNorm2d(outputs);
            skip = inputs == outputs
                ? nn.Identity()
                : nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride: stride, bias: false), nn.BatchNorm2d(outputs));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var inner = norm1.call(conv1.call(input)).relu();
            return (norm2.call(conv2.call(inner)) + skip.call(input)).relu().MoveToOuterDisposeScope();
        }
    }
}
