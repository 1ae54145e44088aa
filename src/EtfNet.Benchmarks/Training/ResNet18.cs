using EtfNet.Benchmarks.Layers;
using TorchSharp.Modules;

namespace EtfNet.Benchmarks.Training;

/// <summary>ResNet18 for small images (He et al., CVPR 2016): a 3 x 3 stem without pooling, four stages of two blocks, 64 to 512
/// channels.</summary>
internal static class ResNet18
{
    public const int Widest = 512;

    private const int Blocks = 2;

    private static readonly int[] s_widths = [64, 128, 256, Widest];

    /// <param name="classes">Outputs.</param>
    /// <param name="lastStage">The 3 x 3 convolutions of the last stage; all others are trained dense ones.</param>
    public static Sequential Create(int classes, LayerKind lastStage)
    {
        List<(string, nn.Module<Tensor, Tensor>)> modules =
        [
            ("stem", nn.Conv2d(3, s_widths[0], 3, padding: 1, bias: false)), ("norm", nn.BatchNorm2d(s_widths[0])), ("act", nn.ReLU()),
        ];
        var channels = s_widths[0];
        foreach (var width in s_widths)
            for (var block = 0; block < Blocks; block++)
            {
                var stride = block == 0 && width > s_widths[0] ? 2 : 1;
                var kind = width == Widest ? lastStage : LayerKind.TrainableDense;
                modules.Add(($"stage{width}_{block}", new ResidualBlock(channels, width, stride, kind)));
                channels = width;
            }

        modules.AddRange([("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("head", nn.Linear(channels, classes))]);
        return nn.Sequential(modules);
    }
}
