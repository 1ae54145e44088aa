using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Recording;

/// <summary>Models whose code calls layers by <c>forward</c>.</summary>
public sealed class StandInsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ChildrenCalledByForward_AreSeenFromTheSecondForward_AndTheModelIsUnchanged(bool modelByCall)
    {
        using var model = new ByForward();
        var (names, parameters, modules, state) = (
            Names(model), model.parameters().ToList(), model.named_modules().ToList(), model.state_dict().Keys.ToList());
        var (x, y) = (randn(6, 4), arange(6).remainder(3));
        var expected = model.forward(x);
        using (var monitor = new NccMonitor(model))
        {
            for (var i = 0; i < 3; i++)
            {
                (modelByCall ? model.call(x) : model.forward(x)).sum().backward();
                monitor.Observe(y);
            }

            Watched.ShouldDescribe(monitor.Compute()["first"], model.First.forward(x).repeat(2, 1), y.repeat(2));
            monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 12);

            Names(model).Should().Equal(names);
            model.parameters().Should().Equal(parameters, ReferenceEquals);
            model.named_modules().Should().Equal(modules, (a, b) => a.name == b.name && ReferenceEquals(a.module, b.module));
            model.state_dict().Keys.Should().Equal(state);
            model.Held.Should().AllBeOfType<RecordingModule>();
            model.Held.SelectMany(held => held.parameters())
                .Should().Equal(parameters, ReferenceEquals, "what is asked of a stand-in is answered by the layer");
            model.forward(x).allclose(expected, 0, 0, false).Should().BeTrue();
            model.eval();
            model.Held.Should().OnlyContain(held => !held.training);
            model.to(float64);
            model.forward(x.to(float64)).allclose(expected.to(float64), 1e-5, 1e-5).Should().BeTrue();
        }

        model.Held.Should().AllBeOfType<Linear>("the stand-ins go with the monitor");
    }

    [Fact]
    public void Evaluate_ChildrenCalledByForward_RunsTheFirstBatchAgain()
    {
        using var model = new ByForward();
        using var monitor = new NccMonitor(model);
        var data = Watched.Data(30, 4, 3, 1);
        Watched.ShouldDescribe(monitor.Evaluate(Watched.Batches(data, 10))["first"], model.First.forward(data.Input), data.Labels);
    }

    [Fact]
    public void ListsAndSharedLayers_AreRecordedOnce()
    {
        using var model = new InList();
        using var monitor = new NccMonitor(model);
        var (x, y) = (randn(6, 4), arange(6).remainder(3));
        for (var i = 0; i < 2; i++)
        {
            model.call(x);
            monitor.Observe(y);
        }

        monitor.Compute()["layers.0"].Observed.Should().Be(12, "it is called twice in a forward");
        monitor.Compute()["layers.1"].Observed.Should().Be(6);
        model.named_children().Select(child => child.module.GetType().Name).Should().Equal("ModuleList`1");
        ModuleTree.Walk(model).Should().NotContain(node => node.Module is RecordingModule);
    }

    [Fact]
    public void SealedFields_UnderAScheduler_NamesTheLayerAndTheChange()
    {
        using var model = new Sealed();
        using var etf = model.ApplyAdaptiveEtf(0.1);
        model.call(randn(6, 4));
        etf.Invoking(e => e.Observe(arange(6).remainder(3))).Should().Throw<InvalidOperationException>()
            .WithMessage("*'first': Sealed.first is declared as Linear*write call() instead of forward()*");
        etf.Invoking(e => e.Observe(arange(6).remainder(3)))
            .Should().Throw<InvalidOperationException>().WithMessage("*'first'*call()*Observe(layer, features, labels)*");
        etf.Observe("first", randn(6, 4), arange(6).remainder(3));
    }

    [Fact]
    public void SealedFields_UnderAMonitor_FeaturesByHandStillWork()
    {
        using var model = new Sealed();
        using var monitor = new NccMonitor(model);
        var output = model.call(randn(6, 4));
        monitor.Invoking(m => m.Observe(arange(6).remainder(3)))
            .Should().Throw<InvalidOperationException>().WithMessage("*'first'*call()*Observe(layer, features, labels)*");
        monitor.Observe("head", output, arange(6).remainder(3));
        monitor.Compute()["head"].Observed.Should().Be(6);
        monitor.Compute()["first"].Reason.Should().Contain("Sealed.first is declared as Linear").And.Contain("call()");
    }

    [Fact]
    public void LabelsBeforeAnyForward_Throw()
    {
        using var model = new ByForward();
        using var monitor = new NccMonitor(model);
        monitor.Invoking(m => m.Observe(arange(6))).Should().Throw<InvalidOperationException>().WithMessage("No forward waits*call()*");
        model.Held.Should().AllBeOfType<Linear>();
    }

    [Fact]
    public void LayersFixedAndRevertedBehindStandIns_AreStillSeen()
    {
        using var data = new Blobs();
        using var model = new Wide();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(
            new AdaptiveEtfOptions { Epsilon = 0.3, MaxOutputError = 10, Include = ["hidden"] }, optimizer);
        var report = TrainingLoop.UntilFixed(model, optimizer, data, etf, "hidden");
        report.FixedLayers.Single().InPlace.Should().BeFalse();
        ModuleTree.Walk(model).Should().Contain(node => node.Path == "hidden" && node.Module is SimplexEtfLinear);
        TrainingLoop.Epoch(model, optimizer, data, etf);
        etf.EndEpoch().Layers.Single(layer => layer.Name == "hidden").NccError.Should().NotBeNull();
        etf.Revert("hidden");
        TrainingLoop.Epoch(model, optimizer, data, etf);
        etf.EndEpoch().Layers.Single(layer => layer.Name == "hidden").NccError.Should().NotBeNull();
        etf.Dispose();
        model.Hidden.Should().NotBeOfType<RecordingModule>();
    }

    [Fact]
    public void ModelThatDisposesItsLayersOneByOne_DisposesThemThroughTheStandIns()
    {
        var model = new ByForward();
        using var monitor = new NccMonitor(model);
        model.call(randn(6, 4));
        monitor.Observe(arange(6).remainder(3));
        var weight = model.First.weight;
        model.Held[0].Should().BeOfType<RecordingModule>().Which.Dispose();
        weight.IsInvalid.Should().BeTrue();
    }

    private static List<string> Names(nn.Module model) => [.. model.named_parameters().Select(entry => entry.name)];

    private sealed class ByForward : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(6, 3);

        public ByForward()
            : base(nameof(ByForward))
        {
            first = First;
            RegisterComponents();
        }

        public Linear First => (Linear)named_children().Select(child => child.module).FirstOrDefault(nn.Linear(4, 6));

        public nn.Module<Tensor, Tensor>[] Held => [first, head];

        public override Tensor forward(Tensor input) => head.forward(first.forward(input).relu());
    }

    private sealed class InList : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers = nn.ModuleList<nn.Module<Tensor, Tensor>>(
            nn.Linear(4, 4), nn.Linear(4, 3));

        public InList()
            : base(nameof(InList)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layers[1].forward(layers[0].forward(layers[0].forward(input)));
    }

    private sealed class Sealed : nn.Module<Tensor, Tensor>
    {
        private readonly Linear first = nn.Linear(4, 4);
        private readonly Linear head = nn.Linear(4, 3);

        public Sealed()
            : base(nameof(Sealed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.forward(first.forward(input));
    }

    private sealed class Wide : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Wide()
            : base(nameof(Wide)) => RegisterComponents();

        public nn.Module<Tensor, Tensor> Hidden => hidden;

        public override Tensor forward(Tensor input) => head.forward(hidden.forward(input).relu());
    }
}
