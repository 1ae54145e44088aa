using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Features;

/// <summary>Modules that are no layer are pooled as what they pass on is laid out.</summary>
public sealed class LayoutFinderTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void ConvolutionNetwork_NormsPoolingsAndBlocks_AreSpatialMeans()
    {
        using var model = nn.Sequential(
            ("c1", nn.Conv2d(3, 8, 3, padding: 1)), ("bn", nn.BatchNorm2d(8)), ("sig", nn.Sigmoid()), ("down", nn.MaxPool2d(2)),
            ("block", new Block()),
            ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("head", nn.Linear(8, 4)));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = ["bn", "down", "block", "pool", "flat"] });
        var (x, y) = (randn(20, 3, 8, 8), arange(20).remainder(4));
        monitor.Evaluate([(x, y)]);
        model.call(x);
        monitor.Observe(y);
        monitor.Compute().Layers.Select(layer => layer.FeaturePoint).Should().Equal(
            "after Sigmoid; spatial mean", "own output; spatial mean", "own output; spatial mean", "own output; spatial mean",
            "own output");
        monitor.Compute().Layers.Should().OnlyContain(layer => layer.Width == 8);
        model.eval();
        var down = x;
        for (var i = 0; i < 4; i++)
            down = ((nn.Module<Tensor, Tensor>)model[i]).forward(down);
        Watched.ShouldDescribe(monitor.Evaluate([(x, y)])["down"], down.mean([2L, 3L]), y);
    }

    [Fact]
    public void Sequences_ChannelsFirstBehindConvolutions_LastBehindLinearLayers()
    {
        using var convolution = nn.Sequential(
            ("c", nn.Conv1d(3, 8, 3, padding: 1)), ("pool", nn.MaxPool1d(2)), ("next", nn.Conv1d(8, 4, 1)));
        using var linear = nn.Sequential(
            ("fc", nn.Linear(3, 8)), ("norm", nn.LayerNorm(8)), ("drop", nn.Dropout(0.1)), ("next", nn.Linear(8, 4)));
        using var maps = nn.Sequential(("fc", nn.Linear(3, 8)), ("drop", nn.Dropout(0.1)), ("next", nn.Linear(8, 4)));
        Point(convolution, "pool", randn(6, 3, 10)).Should().Be(("own output; spatial mean", 8));
        Point(linear, "drop", randn(6, 10, 3)).Should().Be(("own output; token mean", 8));
        // Maps with channels last, as ConvNeXt and Swin have them: the layer's width tells.
        Point(maps, "drop", randn(6, 5, 4, 3)).Should().Be(("own output; token mean", 8));
        Point(maps, "fc", randn(6, 5, 4, 3)).Should().Be(("own output; token mean", 8));
    }

    private static (string, int) Point(Sequential model, string module, Tensor input)
    {
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = [module] });
        model.call(input);
        monitor.Observe(arange(6).remainder(2));
        var layer = monitor.Compute()[module];
        return (layer.FeaturePoint, layer.Width);
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(8, 8, 3, padding: 1);

        public Block()
            : base(nameof(Block)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input + conv.call(input);
    }
}
