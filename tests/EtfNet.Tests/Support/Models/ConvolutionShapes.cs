using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Models in which people hold convolutions; each has a convolution <c>hidden</c> and takes rows of 16, as
/// <see cref="Shapes"/>.</summary>
internal static class ConvolutionShapes
{
    /// <summary>As in <see cref="Shapes.All"/>.</summary>
    public static readonly IReadOnlyList<(string Name, Func<nn.Module<Tensor, Tensor>> Make, string Path, bool Replaceable)> All =
    [
        ("Conv2dSequential", () => nn.Sequential(
            ("map", nn.Unflatten(1, [1, 4, 4])), ("stem", nn.Conv2d(1, 6, 3, padding: 1)), ("act", nn.ReLU()),
            ("hidden", nn.Conv2d(6, 8, 3, padding: 1, bias: false)), ("norm", nn.BatchNorm2d(8)), ("act2", nn.ReLU()),
            ("flat", nn.Flatten()), ("head", nn.Linear(128, 4))), "hidden", true),
        ("Conv1dSequential", () => nn.Sequential(
            ("map", nn.Unflatten(1, [2, 8])), ("stem", nn.Conv1d(2, 6, 3, padding: 1)), ("act", nn.ReLU()),
            ("hidden", nn.Conv1d(6, 8, 3, stride: 2, padding: 1)), ("act2", nn.ReLU()), ("flat", nn.Flatten()),
            ("head", nn.Linear(32, 4))), "hidden", true),
        ("PointwiseConv", () => nn.Sequential(
            ("map", nn.Unflatten(1, [1, 4, 4])), ("stem", nn.Conv2d(1, 8, 3, padding: 1)), ("act", nn.ReLU()),
            ("hidden", nn.Conv2d(8, 6, 1)), ("act2", nn.ReLU()), ("flat", nn.Flatten()), ("head", nn.Linear(96, 4))), "hidden", true),
        ("ResidualConv", () => new Residual(), "hidden", true),
        ("Conv2dField", () => new Conv2dField(), "hidden", false),
    ];

    /// <summary>A residual block whose convolution no Sequential shows.</summary>
    private sealed class Residual : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> stem = nn.Conv2d(1, 8, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Conv2d(8, 8, 3, padding: 1, bias: false);
        private readonly nn.Module<Tensor, Tensor> norm = nn.BatchNorm2d(8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(128, 4);

        public Residual()
            : base(nameof(Residual)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var before = stem.call(input.view(-1, 1, 4, 4)).relu();
            return head.call((before + norm.call(hidden.call(before))).relu().flatten(1)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A field that can hold no other module.</summary>
    private sealed class Conv2dField : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> stem = nn.Conv2d(1, 6, 3, padding: 1);
        private readonly Conv2d hidden = nn.Conv2d(6, 8, 3, padding: 1, padding_mode: PaddingModes.Reflect);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(128, 4);

        public Conv2dField()
            : base(nameof(Conv2dField)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var inner = stem.call(input.view(-1, 1, 4, 4)).relu();
            return head.call(hidden.call(inner).relu().flatten(1)).MoveToOuterDisposeScope();
        }
    }
}
