using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>Where entries of a report stand in forward order, and what the effective depth makes of those that have no place.</summary>
public sealed class PlaceTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly (Tensor Input, Tensor Labels) _data = Watched.Data(60, 4, 3, 1, spread: 0.01);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void ByHand_AfterALayer_FollowsItDirectly_AndStopsTheDepth()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("b", nn.Linear(8, 3)));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1 });
        var noise = randn(60, 5);
        TwoEpochs(monitor, model, () => monitor.Observe("tokens", noise, _data.Labels, after: "a"));
        var report = monitor.Compute();
        report.Layers.Select(layer => layer.Name).Should().Equal("a", "tokens", "b");
        report.Layers.Should().OnlyContain(layer => layer.HasPlace);
        report["tokens"].NccError.Should().BeGreaterThan(0.3);
        report.EffectiveDepth(0.05).Should().Be(3, "what follows the noise is collapsed");
    }

    [Fact]
    public void ByHand_WithoutPlace_TakesNoPartInTheDepth()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("b", nn.Linear(8, 3)));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1 });
        var noise = randn(60, 5);
        TwoEpochs(monitor, model, () => monitor.Observe("anything", noise, _data.Labels));
        var report = monitor.Compute();
        report.Layers.Select(layer => layer.Name).Should().Equal("a", "b", "anything");
        report["anything"].HasPlace.Should().BeFalse();
        report.EffectiveDepth(0.05).Should().Be(1);
    }

    [Fact]
    public void UnusedLastLayer_TakesNoPartInTheDepth_AndSaysWhy()
    {
        using var model = new LeavesLastUnused();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1 });
        TwoEpochs(monitor, model, () => { });
        var report = monitor.Compute();
        report.Layers.Select(layer => layer.Name).Should().Equal("First", "Second.input", "Second", "Unused");
        report["Unused"].HasPlace.Should().BeFalse();
        report["Unused"].Reason.Should().NotBeNull();
        report.EffectiveDepth(0.05).Should().Be(1);
    }

    [Fact]
    public void ByHand_AfterAnUnknownEntry_IsRefused()
    {
        using var model = nn.Linear(4, 3);
        using var monitor = new NccMonitor(model);
        FluentActions.Invoking(() => monitor.Observe("x", randn(3, 2), arange(3), after: "nowhere"))
            .Should().Throw<ArgumentException>().WithMessage("The monitor has no layer 'nowhere'. It has: *");
        monitor.Compute().Layers.Should().ContainSingle();
    }

    [Fact]
    public void Place_OfFeaturesByHand_SurvivesSavingAndLoading()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("b", nn.Linear(8, 3)));
        using var monitor = new NccMonitor(model);
        TwoEpochs(monitor, model, () =>
        {
            monitor.Observe("anything", _data.Input, _data.Labels);
            monitor.Observe("tokens", _data.Input, _data.Labels, after: "a");
        });
        using var stream = new MemoryStream();
        monitor.Save(stream);
        stream.Position = 0;
        using var loaded = new NccMonitor(model);
        loaded.Load(stream);
        loaded.Compute().Layers.Select(layer => (layer.Name, layer.HasPlace))
            .Should().Equal(("a", true), ("tokens", true), ("b", true), ("anything", false));
    }

    private void TwoEpochs(NccMonitor monitor, nn.Module<Tensor, Tensor> model, Action byHand)
    {
        for (var epoch = 0; epoch < 2; epoch++)
        {
            if (epoch > 0)
                monitor.EndEpoch();
            model.call(_data.Input);
            monitor.Observe(_data.Labels);
            byHand();
        }
    }

    private sealed class LeavesLastUnused : nn.Module<Tensor, Tensor>
    {
        private readonly Linear First = nn.Linear(4, 8);
        private readonly Linear Second = nn.Linear(8, 3);
        private readonly Linear Unused = nn.Linear(3, 3);

        public LeavesLastUnused()
            : base(nameof(LeavesLastUnused)) => RegisterComponents();

        public override Tensor forward(Tensor input) => Second.call(First.call(input).relu());
    }
}
