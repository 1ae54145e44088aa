using EtfNet.Samples;
using EtfNet.Tests.Samples.Training;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class ExperimentTests
{
    public static TheoryData<string, int> All
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var name in Experiment.Names)
                for (var profile = 0; profile < 3; profile++)
                    data.Add(name, profile);
            return data;
        }
    }

    /// <summary>Every option of the catalog exists, every key is its run's own, every column and chart can be drawn.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Runs_OfTheCatalog_CanBeRunAndShown(string name, int profile)
    {
        var (experiment, request) = (Experiment.Load(name), new Request(profile, [0, 1], Settings.Parse("")));

        var runs = experiment.Runs(request, Finished);
        runs.Select(run => run.Key).Should().OnlyHaveUniqueItems()
            .And.OnlyContain(key => key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' || letter == '-'));
        runs.Should().OnlyContain(run => run.Run.Recipe.Seed == run.Seed && !run.Waits);
        var all = new RunSet(experiment, request, [.. runs.Select(run => Finished(run)!)], 0);

        experiment.Tables.Should().OnlyContain(table => all.Table(table).Split('\n', StringSplitOptions.None).Length > 3);
        if (profile == 2)
            experiment.Pictures.SelectMany(picture => all.Charts(picture)).Should()
                .OnlyContain(picture => Chart.Png(picture.Charts).Length > 1000);
    }

    [Fact]
    public void Runs_OtherSeeds_AreReversedAndLeaveOutWhatIsForTheFirst()
    {
        var speed = Runs("speed", new Request(0, [0, 1], Settings.Parse("")));
        speed.Skip(speed.Count / 2).Select(run => run.Variant).Should()
            .Equal(speed.Take(speed.Count / 2).Select(run => run.Variant).Reverse());

        var adaptive = Runs("adaptive", new Request(0, [0, 1, 2], Settings.Parse("")));
        adaptive.Where(run => run.Run.Recipe.Epochs == 300).Select(run => run.Seed).Distinct().Should().Equal(0);
        adaptive.Where(run => run.Run.Recipe.Epochs == 60).Select(run => run.Seed).Distinct().Should().Equal(0, 1, 2);
    }

    [Fact]
    public void Runs_Controls_FollowFromTheRunsOfTheirSeed()
    {
        var request = new Request(2, [4], Settings.Parse("layers=3"));
        Runs("controls", request).Select(run => (run.Variant, run.Waits)).Should().Equal(
            ("3 x 24: baseline", false), ("3 x 24: Adaptive-ETF", false), ("3 x 24: shallow, from scratch", true),
            ("3 x 24: the same layers frozen", true),
            ("3 x 24: the same layers at a tenth of the rate", true));

        var after = Experiment.Load("controls").Runs(new Request(2, [4], Settings.Parse("")), Finished);

        after[2].Run.Network.Layers.Should().Be(2);
        after[3].Run.Method.Rates.Should().Equal("linear1@2:0");
        after[4].Run.Method.Rates.Should().Equal("linear1@2:0.1");
        Experiment.Load("controls").Runs(request with { Overrides = Settings.Parse("") }, run => Finished(run, nothing: true)).Should()
            .HaveCount(2, "without an effective depth and without fixes there is nothing to compare");
    }

    [Fact]
    public void Runs_Cut_HasTheFourArms()
    {
        var runs = Experiment.Load("cut").Runs(new Request(0, [0], Settings.Parse("")), Finished);
        foreach (var network in new[] { "7 x 400", "10 x 1024" })
        {
            var arms = runs.Where(run => run.Variant.StartsWith(network, StringComparison.Ordinal)).Select(run => run.Run).ToList();
            arms.Select(run => (run.Method.Method, run.Etf.Tail, run.Network.Layers == 2)).Should().Equal(
                (MethodKind.Watch, TailPolicy.Keep, false), (MethodKind.Adaptive, TailPolicy.Keep, false),
                (MethodKind.Adaptive, TailPolicy.Cut, false), (MethodKind.Watch, TailPolicy.Keep, true));
            arms.Select(run => (run.Network.Width, run.Etf.Epsilon, run.Network.BatchNorm, run.Data.Data)).Distinct().Should()
                .Equal((network == "7 x 400" ? 400 : 1024, 0.2, true, "full"));
        }
    }

    [Theory]
    [InlineData("speed", 1)]
    [InlineData("adaptive", 2)]
    [InlineData("epsilon-sweep", 1)]
    public void Runs_OfAComparison_HaveTheShallowControl(string name, int count)
    {
        var shallow = Experiment.Load(name).Runs(new Request(0, [0], Settings.Parse("")), Finished)
            .Where(run => run.Variant.EndsWith("shallow, from scratch", StringComparison.Ordinal)).ToList();
        shallow.Should().HaveCount(count)
            .And.OnlyContain(run => run.Run.Network.Layers == 2 && run.Run.Method.Method != MethodKind.Adaptive);
    }

    [Fact]
    public void TestSeconds_OfACutRun_AreThoseAfterTheCut()
    {
        var run = Runs("cut", new Request(2, [0], Settings.Parse("")))[2];
        var finished = new FinishedRun(run, new RunRecord("", null, 1,
            [.. new[] { 9.0, 8, 2, 1, 3 }.Select((seconds, i) =>
                Epochs.Epoch(i + 1) with { TestSeconds = seconds, Cut = i < 2 ? null : new CutResult("linear2", 3) })]));
        finished.TestSeconds.Should().Be(2);
        Column.Find("cut").Text(new RunSet(Experiment.Load("cut"), new Request(2, [0], Settings.Parse("")), [finished], 0), [finished])
            .Should().Be("3");
    }

    [Fact]
    public void RunFiles_TrainingThatDiverged_KeepsItsLoss()
    {
        using var folder = new TemporaryFolder();
        var run = Runs("controls", new Request(2, [0], Settings.Parse("")))[0];
        var files = new RunFiles(new OutputFolder(folder.File("runs")), Screen.Silent);
        files.Write(run, new RunRecord("", null, 1, [.. Enumerable.Range(1, 3).Select(i => Epochs.Epoch(i) with { Loss = double.NaN })]));
        files.Find(run)!.Last.Loss.Should().Be(double.NaN);
    }

    /// <summary>A fix at the end of an epoch has saved nothing in it.</summary>
    [Fact]
    public void TrainedShare_LayersFixedAtAnEpochsEnd_CountsThatEpochInFull()
    {
        var run = Runs("convolutions", new Request(2, [0], Settings.Parse("")))[1];
        var finished = new FinishedRun(run, new RunRecord("", null, 1, [.. new[] { 120, 120, 60, 60 }.Select((trainable, i) =>
            Epochs.Epoch(i + 1) with { Footprint = Size(trainable) })]));
        finished.TrainedShare().Should().Be(0.875);

        static ModelFootprint Size(long trainable) =>
            Epochs.Epoch(1).Footprint with { TrainableParameters = trainable, FixedParameters = 120 - trainable };
    }

    [Theory]
    [InlineData("sped", "*no experiment 'sped' (did you mean speed?); give one of adaptive*")]
    [InlineData(null, "*give one of adaptive*")]
    [InlineData("/nowhere/mine.json", "*mine.json cannot be read*")]
    public void Load_UnknownName_SaysWhatThereIs(string? name, string message) =>
        FluentActions.Invoking(() => Experiment.Load(name)).Should().Throw<SampleException>().WithMessage(message);

    /// <summary>Accuracies of an epoch are measured behind its fixes; a rule that fires later tells what the network had before
    /// them.</summary>
    [Fact]
    public void TrainAccuracyAtFirstFix_IsThatOfTheRunThatFiredLater()
    {
        var runs = Runs("label-noise", new Request(2, [0], Settings.Parse("")));
        var (early, late) = (Fired(runs[1], 3, 0.2, 0.5, 0.4, 0.9), Fired(runs[0], 4, 0.2, 0.5, 0.95, 0.6));
        var all = new RunSet(Experiment.Load("label-noise"), new Request(2, [0], Settings.Parse("")),
            [late, early, Fired(runs[2], null, 0.1, 0.1, 0.1, 0.1)], 0);

        all.TrainAccuracyAtFirstFix(early).Should().Be(0.95, "the other rule's run is the same network until epoch 4");
        all.TrainAccuracyAtFirstFix(late).Should().Be(0.1, "the third run never fired");
        (all with { Finished = [late, early] }).TrainAccuracyAtFirstFix(late).Should().Be(0.95, "none fired later: the epoch before");
    }

    [Theory]
    [InlineData("train@fix", "10.00")]
    [InlineData("train@fix+1", "-20.00")]
    [InlineData("train@fix+2", "-")]
    [InlineData("test-loss@fix", "-")]
    public void Find_ColumnAtTheFix_IsAboveTheBaselineOfThatEpoch(string column, string text)
    {
        var request = new Request(2, [0], Settings.Parse(""));
        var runs = Runs("controls", request);
        var fixing = Fired(runs[1], 3, 0.2, 0.3, 0.6, 0.5);
        var all = new RunSet(Experiment.Load("controls"), request, [Fired(runs[0], null, 0.2, 0.3, 0.5, 0.7), fixing], 0);

        Column.Find(column).Text(all, [fixing]).Should().Be(text);
    }

    [Theory]
    [InlineData("small: baseline", 0, "small: baseline")]
    [InlineData("small: baseline", 1, null)]
    [InlineData("baseline", 0, "baseline")]
    public void BaselineOf_RunOfAGroup_IsTheGroupsOfThatSeedOrNone(string first, int seed, string? expected)
    {
        var request = new Request(2, [0], Settings.Parse(""));
        var run = Runs("epsilon-sweep", request)[0];
        FinishedRun Named(string name, int number) => Fired(run with { Variant = name, Seed = number }, null, 0.5);
        var fixing = Named("small: fixing", 0);
        var all = new RunSet(Experiment.Load("epsilon-sweep"), request, [Named("baseline", 0), Named(first, seed), fixing], 0);

        // The baseline on other data would be no baseline.
        all.BaselineOf(fixing)?.Run.Variant.Should().Be(expected);
        (all.BaselineOf(fixing) is null).Should().Be(expected is null);
    }

    [Theory]
    [InlineData(new[] { 0.9039, 0.9031, 0.9040 }, "test", "90.37 ± 0.05")]
    [InlineData(new[] { 0.9039 }, "test", "90.39")]
    [InlineData(new[] { 0.5, 0.5 }, "fixed", "0")]
    [InlineData(new[] { 0.5 }, "first-fix", "-")]
    public void Text_NumbersOfSeeds_IsMeanAndDeviationOfTheSample(double[] accuracies, string column, string text)
    {
        var run = Runs("epsilon-sweep", new Request(2, [0], Settings.Parse("")))[0];
        var seeds = accuracies.Select(accuracy => new FinishedRun(run,
            new RunRecord("", null, 1, [Epochs.Epoch(1) with { TestAccuracy = accuracy }]))).ToList();

        Column.Find(column).Text(new RunSet(Experiment.Load("epsilon-sweep"), new Request(2, [0], Settings.Parse("")), seeds, 0), seeds)
            .Should().Be(text);
    }

    private static IReadOnlyList<ExperimentRun> Runs(string name, Request request) => Experiment.Load(name).Runs(request, _ => null);

    private static FinishedRun Fired(ExperimentRun run, int? epoch, params double[] trainAccuracies) =>
        new(run, new RunRecord("machine", null, 1, [.. trainAccuracies.Select((accuracy, i) =>
            Epochs.Epoch(i + 1, epoch <= i + 1 ? [Epochs.Fixed("head", epoch.Value)] : []) with { TrainAccuracy = accuracy })]));

    private static FinishedRun? Finished(ExperimentRun run) => Finished(run, nothing: false);

    private static FinishedRun? Finished(ExperimentRun run, bool nothing)
    {
        return run.Waits ? null : new FinishedRun(run, new RunRecord("machine", null, 1000, [.. Enumerable.Range(1, 3).Select(Epoch)]));

        EpochResult Epoch(int number) => Epochs.Epoch(number, IsFixed(number) ? [Epochs.Fixed("linear1", 2)] : []) with
        {
            EffectiveDepth = nothing ? null : 2,
            Layers = [new LayerResult("linear1", 0.2, null), new LayerResult("linear2", 0.1, null)],
        };

        bool IsFixed(int epoch) => !nothing && epoch > 1 && run.Run.Method.Method == MethodKind.Adaptive;
    }
}
