using System.Text.Json;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>The monitor's measures are those of plain tensors, online and exact.</summary>
public sealed class MeasuresTests
{
    private static readonly NccMonitorOptions All = new() { Metrics = CollapseMetricSet.All, ScoreEvery = 1 };

    [Fact]
    public void Evaluate_HeadAndFeatures_EqualsPlainTensors()
    {
        using var scope = NewDisposeScope();
        var (model, body, head) = Model();
        var data = Watched.Data(90, 6, 4, 1);
        using var monitor = new NccMonitor(model, All);
        var report = monitor.Evaluate(Watched.Batches(data, 16));

        using var noGrad = no_grad();
        var features = body.call(data.Input);
        var logits = head.call(features);
        var expected = CollapseMetrics.Of(features, data.Labels, logits: logits);
        Same(report["body"].Measures!, expected);
        report["body"].Cdnv.Should().Be(report["body"].Measures!.Cdnv);
        report["body"].Nc1.Should().Be(report["body"].Measures!.Nc1);
        report["body"].NccError.Should().Be(report["body"].Measures!.NccError);
        report["body"].Measures!.ClassErrors!.Equals(expected.ClassErrors).Should().BeTrue();

        // The head's own weight against the means of what it takes in.
        var dual = CollapseMetrics.Of(features, data.Labels, head.weight, head.bias);
        var entry = report["head"].Measures!;
        entry.Classifier.Should().Be(dual.Classifier);
        var duality = MeasureNames.Numbers(new CollapseMetrics { Duality = entry.Duality });
        foreach (var (name, value) in duality.Where(number => number.Value is not null))
            value.Should().BeApproximately(MeasureNames.Numbers(dual).Single(other => other.Name == name).Value!.Value, 1e-9, name);
        report["head"].SelfDuality.Should().Be(entry.Duality!.SelfDuality);
        Same(entry with { Classifier = null, Duality = null }, CollapseMetrics.Of(logits, data.Labels, logits: logits));
        report["body"].Measures!.Classifier.Should().BeNull("a hidden layer has no row per class");
        report["body"].Measures!.Missing.Count.Should().Be(0);
        model.Dispose();
    }

    [Fact]
    public void EndEpoch_AllMeasures_HasThoseOfTheStatisticsAndSaysWhatIsExactOnly()
    {
        using var scope = NewDisposeScope();
        var (model, body, head) = Model();
        var data = Watched.Data(90, 6, 4, 1);
        using var monitor = new NccMonitor(model, All);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            Watched.Epoch(model, monitor, data, 30);
            if (epoch == 0)
                monitor.EndEpoch()["body"].Measures!.NccError.Should().BeNull();
        }

        var entry = monitor.EndEpoch()["body"];
        using var noGrad = no_grad();
        var expected = CollapseMetrics.Of(Watched.StatisticsOf(body.call(data.Input), data.Labels));
        entry.Measures!.Means.EffectiveRank.Should().BeApproximately(expected.Means.EffectiveRank!.Value, 1e-9);
        entry.Measures.Means.LogEnergy.Should().BeApproximately(expected.Means.LogEnergy!.Value, 1e-9);
        entry.Measures.WithinShare.Should().BeApproximately(expected.WithinShare!.Value, 1e-9);
        entry.Measures.NccError.Should().Be(entry.NccError).And.NotBeNull();
        entry.Measures.Nc4Mismatch.Should().Be(entry.Nc4Mismatch);
        entry.Measures.Missing.Keys.Should().Equal("classErrors", "nc1");
        entry.Measures.Missing["nc1"].Should().Contain("Evaluate");
        model.Dispose();
    }

    [Fact]
    public void Options_Default_MeasureNothingThatNeedsMoreThanMeans()
    {
        using var scope = NewDisposeScope();
        var (model, _, _) = Model();
        var data = Watched.Data(40, 6, 4, 1);
        using var monitor = new NccMonitor(model);
        Watched.Epoch(model, monitor, data, 20);
        var report = monitor.EndEpoch();
        MeasureNames.Numbers(report["body"].Measures).Where(entry => entry.Value is not null).Select(entry => entry.Name)
            .Should().Equal(MeasureNames.Shape);
        MeasureNames.Numbers(report["head"].Measures).Where(entry => entry.Value is not null).Select(entry => entry.Name)
            .Should().Equal([.. MeasureNames.Shape, .. MeasureNames.SelfDuality]);
        model.Dispose();
    }

    [Fact]
    public void Options_NoMetrics_MeasureNothing()
    {
        using var scope = NewDisposeScope();
        var (model, _, _) = Model();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.None });
        Watched.Epoch(model, monitor, Watched.Data(40, 6, 4, 1), 20);
        monitor.EndEpoch().Layers.Should().OnlyContain(layer => layer.Measures == null && layer.Observed == 40);
        model.Dispose();
    }

    [Fact]
    public void EndEpoch_MoreClassesThanTheLimit_LeavesOutPairsWithTheReason()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(4, 4);
        var labels = arange(60) % 30;
        foreach (var limit in new[] { 29, 30 })
        {
            using var monitor = new NccMonitor(layer, new NccMonitorOptions
            {
                Metrics = CollapseMetricSet.All,
                PairwiseClassLimit = limit
            });
            monitor.Observe("", Sample.Normal(1, 60, 4), labels);
            var report = monitor.EndEpoch();
            var entry = report[""];
            (entry.Cdnv is null, entry.Equiangularity is null, entry.Measures!.Means.LogEnergy is null)
                .Should().Be((limit == 29, limit == 29, limit == 29));
            entry.Equinorm.Should().BePositive();
            entry.TraceQuotient.Should().BePositive();
            entry.Measures.Means.EffectiveRank.Should().BePositive();
            if (limit == 29)
                report.ToString().Should().Contain("cdnv").And.Contain("30 classes have 435 pairs, and PairwiseClassLimit is 29")
                    .And.Contain("((model))");
        }
    }

    [Fact]
    public void Report_AllFormats_HaveTheMeasuresAndTheirReasons()
    {
        using var scope = NewDisposeScope();
        var (model, _, _) = Model();
        var data = Watched.Data(60, 6, 4, 1);
        using var monitor = new NccMonitor(model, All);
        var report = monitor.Evaluate([data]);
        using var json = JsonDocument.Parse(report.ToJson());
        var measures = json.RootElement.GetProperty("layers")[1].GetProperty("measures");
        measures.GetProperty("structureError").GetDouble().Should().Be(report["head"].Measures!.Duality!.StructureError!.Value);
        measures.GetProperty("classErrors").GetArrayLength().Should().Be(4);
        measures.GetProperty("missing").EnumerateObject().Should().BeEmpty();

        var lines = report.ToCsv().Split("\r\n");
        var names = lines[0].Split(',');
        names.Should().OnlyHaveUniqueItems().And.Contain(["withinShare", "effectiveRank", "classifierEffectiveRank", "structureError",
            "globalMeanLogit", "rowDistance"]);
        lines[2].Split(',')[Array.IndexOf(names, "globalMeanLogit")].Should().Be(
            report["head"].Measures!.Duality!.GlobalMeanLogit!.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        report.ToString().Should().Contain("  rank").And.Contain("within").And.NotContain("  no ");

        Watched.Epoch(model, monitor, data, 20);
        monitor.EndEpoch().ToString()
            .Should().Contain("  no classErrors, nc1: it needs the samples once more, as Evaluate has them (body, head)");
        model.Dispose();
    }

    private static void Same(CollapseMetrics metrics, CollapseMetrics expected)
    {
        foreach (var (name, value) in MeasureNames.Numbers(metrics))
            if (MeasureNames.Numbers(expected).Single(entry => entry.Name == name).Value is { } wanted)
                value.Should().BeApproximately(wanted, 1e-9 * Math.Abs(wanted) + 1e-12, name);
            else
                value.Should().BeNull(name);
        (metrics.Scored, metrics.Observed, metrics.Nc1Rank, metrics.PresentClasses)
            .Should().Be((expected.Scored, expected.Observed, expected.Nc1Rank, expected.PresentClasses));
    }

    private static (Sequential Model, Linear Body, Linear Head) Model()
    {
        var (body, head) = (nn.Linear(6, 7), nn.Linear(7, 4));
        using (no_grad())
        {
            body.weight.copy_(Sample.Normal(1, 7, 6));
            body.bias!.copy_(Sample.Normal(2, 7));
            head.weight.copy_(Sample.Normal(3, 4, 7));
            head.bias!.copy_(Sample.Normal(4, 4));
        }

        return (nn.Sequential(("body", body), ("head", head)), body, head);
    }
}
