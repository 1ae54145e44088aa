using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class FeaturePointTests
{
    [Fact]
    public void Auto_Sequential_TakesWhatFollowsNormalizationAndActivation()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(
            ("a", nn.Linear(4, 8)), ("bn", nn.BatchNorm1d(8)), ("act", nn.ReLU()), ("drop", nn.Dropout(0.9)), ("b", nn.Linear(8, 8)),
            ("gelu", nn.GELU()), ("norm", nn.LayerNorm(8)), ("inner", nn.Sequential(("c", nn.Linear(8, 8)), ("act", nn.Tanh()))),
            ("head", nn.Linear(8, 3)), ("out", nn.LogSoftmax(1)));
        using var monitor = new NccMonitor(model);
        var (input, labels) = Watched.Data(40, 4, 3, 1);

        model.call(input);
        monitor.Observe(labels);

        var report = monitor.Compute();
        monitor.Layers.Should().Equal("a", "b", "inner.c", "head");
        report.Layers.Select(layer => layer.FeaturePoint)
            .Should().Equal("after BatchNorm1d, ReLU", "after GELU, LayerNorm", "after Tanh", "own output");
        var bn = ((TorchSharp.Modules.Linear)model[0]).forward(input);
        Watched.ShouldDescribe(report["a"], ((bn - bn.mean([0L])) / (bn.var(0, unbiased: false) + 1e-5).sqrt()).relu(), labels);
    }

    [Fact]
    public void OwnOutput_Sequential_TakesTheLayersOwn()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { FeaturePoint = FeaturePoint.OwnOutput });
        var (input, labels) = Watched.Data(40, 4, 3, 2);
        model.call(input);
        monitor.Observe(labels);
        monitor.Compute()["0"].FeaturePoint.Should().Be("own output");
        Watched.ShouldDescribe(monitor.Compute()["0"], ((TorchSharp.Modules.Linear)model[0]).forward(input), labels);
    }

    [Theory]
    [InlineData(FeaturePoint.Auto)]
    [InlineData(FeaturePoint.OwnOutput)]
    public void InPlaceActivation_OverwritesNothingThatIsKept(FeaturePoint point)
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(4, 8);
        using var model = nn.Sequential(layer, nn.ReLU(inplace: true), nn.Linear(8, 3));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { FeaturePoint = point });
        var (input, labels) = Watched.Data(40, 4, 3, 3);
        model.call(input);
        monitor.Observe(labels);
        var own = layer.forward(input);
        Watched.ShouldDescribe(monitor.Compute()["0"], point == FeaturePoint.Auto ? own.relu() : own, labels);
    }

    [Fact]
    public void SharedActivation_LayersKeepTheirOwnFeatures()
    {
        using var scope = NewDisposeScope();
        var act = nn.ReLU(inplace: true);
        var (a, b) = (nn.Linear(4, 8), nn.Linear(8, 8));
        using var model = nn.Sequential(a, act, b, act, nn.Linear(8, 3));
        using var monitor = new NccMonitor(model);
        var (input, labels) = Watched.Data(40, 4, 3, 4);
        model.call(input);
        monitor.Observe(labels);
        Watched.ShouldDescribe(monitor.Compute()["0"], a.forward(input), labels);
        Watched.ShouldDescribe(monitor.Compute()["2"], b.forward(a.forward(input).relu()), labels);
    }

    [Fact]
    public void FixedLayers_FreshMonitor_AreWatchedLikeLinear()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("a", new SimplexEtfLinear(6, 6)), ("act", nn.ReLU()), ("head", new SimplexEtfLinear(6, 3)));
        using var monitor = new NccMonitor(model);
        var (input, labels) = Watched.Data(30, 6, 3, 6);
        model.call(input);
        monitor.Observe(labels);
        monitor.Layers.Should().Equal("a", "head");
        var features = ((SimplexEtfLinear)model[0]).forward(input).relu();
        Watched.ShouldDescribe(monitor.Compute()["a"], features, labels);
        using var dense = ((SimplexEtfLinear)model[2]).ToDense();
        var expected = DualityMeasurement.SelfDuality(Watched.StatisticsOf(features, labels), dense.weight)!.Value;
        monitor.Compute()["head"].SelfDuality.Should().BeApproximately(expected, 1e-6);
    }

    [Fact]
    public void Follow_Replacement_MovesTheHookAndKeepsTheState()
    {
        using var scope = NewDisposeScope();
        var old = nn.Linear(4, 8);
        var slot = new Slot(old);
        using var monitor = new NccMonitor(slot);
        var (input, labels) = Watched.Data(30, 4, 3, 5);
        slot.call(input);
        monitor.Observe(labels);
        monitor.EndEpoch();

        var replacement = new Fixed();
        slot.Layer = replacement;
        monitor.Follow("Layer", replacement);
        slot.call(input);
        monitor.Observe(labels);

        var report = monitor.Compute();
        report["Layer"].Samples.Should().Be(30, "the centers of the epoch before stay");
        Watched.ShouldDescribe(report["Layer"], input.repeat(1, 2), labels);
        old.call(input);
        monitor.Invoking(m => m.Observe(labels)).Should().Throw<InvalidOperationException>("the old module has no hook any more");
        monitor.Invoking(m => m.Follow("nowhere", replacement)).Should().Throw<ArgumentException>().WithMessage("*nowhere*Layer*");
    }

    private sealed class Slot : nn.Module<Tensor, Tensor>
    {
        public nn.Module<Tensor, Tensor> Layer;

        public Slot(nn.Module<Tensor, Tensor> layer)
            : base(nameof(Slot))
        {
            Layer = layer;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => Layer.call(input);
    }

    private sealed class Fixed() : nn.Module<Tensor, Tensor>(nameof(Fixed)), IWatchedLayer
    {
        public override Tensor forward(Tensor input) => input.repeat(1, 2);

        public Tensor? CreateDenseWeight(long outputs) => null;
    }
}
