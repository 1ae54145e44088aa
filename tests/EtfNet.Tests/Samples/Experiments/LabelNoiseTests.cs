using EtfNet.Samples;
using EtfNet.Tests.Samples.Output;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class LabelNoiseTests
{
    private static readonly Request s_request = new(Profile.Full, "full", [0]);

    /// <summary>Accuracies of an epoch are measured behind its switches; a rule that fires later tells what the network had before them.</summary>
    [Fact]
    public void Show_TrainAccuracyAtTheSwitch_IsThatOfARunThatFiredLater()
    {
        var early = Run("200 images, 100 percent random: no leave-one-out", 3, 0.2, 0.5, 0.4, 0.9);
        var late = Run("200 images, 100 percent random: default", 4, 0.2, 0.5, 0.95, 0.6);
        var otherData = Run("200 images, 50 percent random: default", null, 0.1, 0.1, 0.1, 0.1);

        var tables = Experiment().Show(new RunSet([late, early, otherData], []), s_request).Tables;

        Row(tables[0], early)[4].Should().Be("95.00", "the default rule's run is the same network until epoch 4");
        Row(tables[0], late)[4].Should().Be("95.00", "no run fired later: the epoch before");
        Row(tables[0], otherData)[4].Should().Be("-");
        tables[1].Rows.Should().OnlyContain(row => row[2] == "0");
    }

    [Fact]
    public void Show_FiredBelowNinetyPercent_IsCounted()
    {
        var early = Run("200 images, 100 percent random: no leave-one-out", 3, 0.2, 0.5, 0.99, 0.99);
        var late = Run("200 images, 100 percent random: default", 4, 0.2, 0.5, 0.89, 0.99);

        var table = Experiment().Show(new RunSet([late, early], []), s_request).Tables[1];

        table.Rows.Single(row => row[0] == "no leave-one-out").Should().Equal("no leave-one-out", "1", "1");
        table.Rows.Single(row => row[0] == "default").Should().Equal("default", "1", "1");
        table.Rows.Single(row => row[0] == "confidence").Should().Equal("confidence", "0", "0");
    }

    /// <summary>What the default asks by itself is no rule of its own.</summary>
    [Fact]
    public void Runs_RulesOfASize_DifferFromOneAnother()
    {
        var rules = Experiment().Runs(s_request).ToLookup(run => run.Settings.Data.TrainSamples < 1000, run => run.Variant.Split(": ")[1]);

        rules[true].Distinct().Should().Equal("default", "no leave-one-out", "error alone", "error alone, no leave-one-out");
        rules[false].Distinct().Should().Equal("default", "no leave-one-out", "confidence", "confidence, no leave-one-out");
    }

    private static Experiment Experiment() => EtfNet.Samples.Experiments.Find("label-noise");

    private static IReadOnlyList<string> Row(ResultTable table, FinishedRun run) => table.Rows.Single(row => row[0] == run.Run.Variant);

    /// <summary>A run of as many epochs as accuracies, whose head was fixed in one of them.</summary>
    private static FinishedRun Run(string variant, int? firedIn, params double[] trainAccuracies) => new(
        Experiment().Runs(s_request).Single(run => run.Variant == variant),
        new RunRecord("machine", null, 1,
            [.. trainAccuracies.Select((accuracy, i) => Epochs.Epoch(i + 1, firedIn <= i + 1 ? [Epochs.Fixed("head", firedIn!.Value)] : []) with { TrainAccuracy = accuracy })]));
}
