using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Heads;

/// <summary>What goes into the classifier, and which of the model's outputs are its class scores.</summary>
public sealed class HeadFinderTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly (Tensor Input, Tensor Labels) _data = Watched.Data(60, 8, 3, 1);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ResidualNetwork_Nc3_IsOfTheHeadsOwnInput(bool exact)
    {
        using var model = new Residual();
        using var monitor = new NccMonitor(model);
        var report = Report(monitor, model, exact);

        var input = model.Penultimate(_data.Input);
        var expected = DualityMeasurement.SelfDuality(Watched.StatisticsOf(input, _data.Labels), model.Head.weight)!.Value;
        report["Head"].SelfDuality.Should().BeApproximately(expected, 1e-5);
        report["Second"].SelfDuality.Should().BeNull("it only happens to have as many outputs as there are classes");
        var wrong = DualityMeasurement.SelfDuality(
            Watched.StatisticsOf(model.Second.forward(model.First.forward(_data.Input)), _data.Labels), model.Head.weight)!.Value;
        wrong.Should().NotBeApproximately(expected, 1e-4, "or the layer before would have done");

        report.Layers.Select(layer => layer.Name).Should().Equal("First", "Second", "Head.input", "Head");
        report["Head.input"].FeaturePoint.Should().Be("input of Head");
        Watched.ShouldDescribe(report["Head.input"], input, _data.Labels);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sequence_HeadsInputIsTheFeaturesBefore_NoEntryOfItsOwn(bool exact)
    {
        using var model = nn.Sequential(("a", nn.Linear(8, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 3)));
        using var monitor = new NccMonitor(model);
        var report = Report(monitor, model, exact);
        report.Layers.Select(layer => layer.Name).Should().Equal("a", "head");
        var features = ((Linear)model[0]).forward(_data.Input).relu();
        var expected = DualityMeasurement.SelfDuality(Watched.StatisticsOf(features, _data.Labels), ((Linear)model[2]).weight)!.Value;
        report["head"].SelfDuality.Should().BeApproximately(expected, 1e-5);
    }

    [Fact]
    public void ModelThatIsItselfTheHead_HasNoFeaturesBeforeIt()
    {
        using var model = nn.Linear(8, 3);
        using var monitor = new NccMonitor(model);
        var report = Report(monitor, model, exact: false);
        report.Layers.Should().ContainSingle().Which.SelfDuality.Should().BeNull("the data are no features");
    }

    [Fact]
    public void HeadHiddenBehindASoftmax_IsTheLastLayerAsWideAsTheOutput()
    {
        using var model = nn.Sequential(
            ("a", nn.Linear(8, 3)), ("b", nn.Linear(3, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 3)), ("out", nn.LogSoftmax(1)));
        using var monitor = new NccMonitor(model);
        var report = Report(monitor, model, exact: false);
        report["head"].SelfDuality.Should().NotBeNull();
        report["a"].SelfDuality.Should().BeNull();
    }

    [Fact]
    public void SeveralExits_EachHeadHasItsOwnInput()
    {
        using var model = new TwoExits();
        using var monitor = new NccMonitor(model);
        model.call(_data.Input);
        monitor.Observe(_data.Labels);
        var report = monitor.Compute();
        report["Early"].SelfDuality.Should().NotBeNull();
        report["Late"].SelfDuality.Should().NotBeNull().And.NotBe(report["Early"].SelfDuality);
        report.Layers.Select(layer => layer.Name).Should().Equal("First", "Early.input", "Early", "Second", "Late.input", "Late");
    }

    [Fact]
    public void IncludeNames_TheReportHasNoMoreThanThose()
    {
        using var model = new Residual();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = ["First", "Head"] });
        Report(monitor, model, exact: false).Layers.Select(layer => layer.Name).Should().Equal("First", "Head");
        using var none = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.None });
        Report(none, model, exact: false).Layers.Select(layer => layer.Name).Should().Equal("First", "Second", "Head");
    }

    [Fact]
    public void SavedAndLoaded_KnowsTheHeadsWithoutAForward()
    {
        using var model = new Residual();
        using var monitor = new NccMonitor(model);
        var before = Report(monitor, model, exact: false);
        using var bytes = new MemoryStream();
        monitor.Save(bytes);
        bytes.Position = 0;
        using var other = new NccMonitor(model);
        other.Load(bytes);
        other.Compute().ToCsv().Should().Be(monitor.Compute().ToCsv());
        other.Compute()["Head"].SelfDuality.Should().Be(before["Head"].SelfDuality);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TupleOutput_TheScoresAreTheLastLayersOwnOutput(bool scoresFirst)
    {
        using var model = new Pair(scoresFirst);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1, AlwaysAsOnDevice = true });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            model.call(_data.Input);
            monitor.Observe(_data.Labels);
            if (epoch == 0)
                monitor.EndEpoch();
        }

        // Features of width 2 and scores of 3 classes: on a device, room is made for as many classes as the scores are wide.
        var layer = monitor.EndEpoch()["Head"];
        layer.Observed.Should().Be(60);
        layer.Nc4Mismatch.Should().BeApproximately(Mismatch(model), 1e-9);
    }

    [Fact]
    public void OutputsThatDoNotShowTheScores_ArePickedByTheOption()
    {
        using var model = new Pair(scoresFirst: true) { Softmax = true };
        using var unnamed = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1 });
        using var named = new NccMonitor(
            model, new NccMonitorOptions { ScoreEvery = 1, Logits = result => (((Tensor, Tensor))result).Item1 });
        using var byWidth = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1, ClassCount = 3 });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            model.call(_data.Input);
            foreach (var monitor in new[] { unnamed, named, byWidth })
            {
                monitor.Observe(_data.Labels);
                if (epoch == 0)
                    monitor.EndEpoch();
            }
        }

        unnamed.Compute()["Head"].Nc4Mismatch.Should().BeNull("it is not known which of the two are scores");
        named.Compute()["Head"].Nc4Mismatch.Should().BeApproximately(Mismatch(model), 1e-9);
        byWidth.Compute()["Head"].Nc4Mismatch.Should().Be(named.Compute()["Head"].Nc4Mismatch);
    }

    private CollapseReport Report(NccMonitor monitor, nn.Module<Tensor, Tensor> model, bool exact)
    {
        if (exact)
            return monitor.Evaluate([_data]);
        model.call(_data.Input);
        monitor.Observe(_data.Labels);
        return monitor.Compute();
    }

    /// <summary>NC4 at the head: nearest class mean of its outputs against their greatest.</summary>
    private double Mismatch(Pair model)
    {
        var scores = model.Head.forward(model.Body.forward(_data.Input).relu());
        var means = stack([.. Enumerable.Range(0, 3).Select(c => scores[_data.Labels.eq(c)].mean([0L]))]);
        return cdist(scores, means).argmin(1).ne(scores.argmax(1)).to(float64).mean().item<double>();
    }

    private sealed class Residual : nn.Module<Tensor, Tensor>
    {
        public readonly Linear First = nn.Linear(8, 3);
        public readonly Linear Second = nn.Linear(3, 3);
        public readonly Linear Head = nn.Linear(3, 3);

        public Residual()
            : base(nameof(Residual)) => RegisterComponents();

        public Tensor Penultimate(Tensor input)
        {
            var first = First.forward(input);
            return (first + Second.forward(first)).relu();
        }

        public override Tensor forward(Tensor input)
        {
            var first = First.call(input);
            return Head.call((first + Second.call(first)).relu());
        }
    }

    private sealed class TwoExits : nn.Module<Tensor, (Tensor, Tensor)>
    {
        private readonly Linear First = nn.Linear(8, 8);
        private readonly Linear Early = nn.Linear(8, 3);
        private readonly Linear Second = nn.Linear(8, 8);
        private readonly Linear Late = nn.Linear(8, 3);

        public TwoExits()
            : base(nameof(TwoExits)) => RegisterComponents();

        public override (Tensor, Tensor) forward(Tensor input)
        {
            var hidden = First.call(input).relu();
            var early = Early.call(hidden);
            return (early, Late.call(Second.call(hidden).relu()));
        }
    }

    private sealed class Pair : nn.Module<Tensor, (Tensor, Tensor)>
    {
        public readonly Linear Body = nn.Linear(8, 2);
        public readonly Linear Head = nn.Linear(2, 3);
        private readonly bool _scoresFirst;

        public Pair(bool scoresFirst)
            : base(nameof(Pair))
        {
            _scoresFirst = scoresFirst;
            RegisterComponents();
        }

        public bool Softmax { get; init; }

        public override (Tensor, Tensor) forward(Tensor input)
        {
            var features = Body.call(input).relu();
            var scores = Head.call(features);
            if (Softmax)
                scores = scores.softmax(1);
            return _scoresFirst ? (scores, features) : (features, scores);
        }
    }
}
