using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Samples.Training;

public sealed class TrainerTests : IDisposable
{
    private const string Small = "width=12 layers=2 epochs=2 batch-size=16 seed=3 milestones=1";
    private const string Open = "max-output-error=infinity max-error-rise=infinity max-loss-rise=infinity";

    private readonly DataSet _data;

    public TrainerTests()
    {
        // 65 images: with batches of 16 the last one would be a single image, which batch norm cannot take.
        using var generator = new torch.Generator(1);
        _data = new DataSet("", Set(65), Set(20), [.. Enumerable.Range(0, 10).Select(i => $"{i}")]);

        TensorSet Set(int count) => new(torch.randn([count, 1, 2, 3], generator: generator),
            torch.randint(10, [count], dtype: torch.int64, generator: generator));
    }

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Run_SameSeed_GivesTheSameEpochsAndLeavesNothingBehind()
    {
        var first = Run(Small);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var second = Run(Small);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
        var other = Run($"{Small} seed=4");

        second.Select(Figures).Should().Equal(first.Select(Figures));
        other.Select(Figures).Should().NotEqual(first.Select(Figures));
        second.Should().OnlyContain(epoch => epoch.Seconds == 0 && epoch.MonitoringSeconds == 0, "the clock stands");
    }

    [Fact]
    public void Run_ToTheEnd_TellsRatesLayersAndSizes()
    {
        var epochs = Run(Small);

        epochs.Select(epoch => (epoch.Epoch, Math.Round(epoch.LearningRate, 9))).Should().Equal((1, 0.05), (2, 0.005));
        epochs[1].Layers.Select(layer => layer.Name).Should().Equal("linear1", "linear2", "head");
        epochs[1].Layers.Should().OnlyContain(layer => layer.NccError >= 0 && layer.NccError <= 1);
        epochs[1].Footprint.TrainableParameters.Should().Be((6 * 12) + 12 + 24 + (12 * 12) + 12 + 24 + (12 * 10) + 10);
    }

    [Theory]
    [InlineData("fix-from-start=linear2,head frame=identity")]
    [InlineData("fix-from-start=2 frame=random")]
    public void Run_LayersFixedFromTheStart_AreWatchedAndNotTrained(string settings)
    {
        var epochs = Run($"{Small} {settings}");

        epochs[1].Fixed.Select(layer => (layer.Layer, layer.Epoch)).Should().Equal(("linear2", 0), ("head", 0));
        epochs[1].Layers.Should().HaveCount(3).And.NotContain(layer => layer.NccError == null);
        (Run(Small)[1].Footprint.TrainableParameters - epochs[1].Footprint.TrainableParameters).Should().Be((12 * 12) + (12 * 10));
    }

    [Fact]
    public void Run_Rates_FreezeSlowAndThawAWeight()
    {
        var none = Run($"{Small} epochs=4");
        var frozen = Run($"{Small} epochs=4 rates=linear2@1:0,linear2@3:1");
        var slow = Run($"{Small} epochs=4 rates=linear2@0.25:0.1");

        frozen.Select(epoch => epoch.Fixed.Count).Should().Equal(1, 1, 0, 0);
        frozen[0].Fixed[0].Should().Be(new FixedResult("linear2", 1, "dense"));
        frozen.Select(epoch => epoch.Loss).Take(1).Should().Equal(none.Select(epoch => epoch.Loss).Take(1));
        new[] { frozen[1].Loss, slow[1].Loss, none[1].Loss }.Should().OnlyHaveUniqueItems();
        slow.Should().OnlyContain(epoch => epoch.Fixed.Count == 0);
        (none[1].Footprint.TrainableParameters - frozen[2].Footprint.TrainableParameters).Should()
            .Be(0, "it is trained again behind epoch 3");
    }

    [Fact]
    public void Run_WeightsThatBeginAsAFrame_AreThatFrame()
    {
        var frozen = Run($"{Small} frame=identity begin-as-frame=linear2 rates=linear2@0:0");
        var etf = Run($"{Small} frame=identity fix-from-start=linear2");

        frozen[1].Loss.Should().BeApproximately(etf[1].Loss, 1e-5);
    }

    [Fact]
    public void Run_Measures_AreThoseOfTheLibrary()
    {
        var measures = Run($"{Small} measures=true")[1].Measures!;

        measures["linear1: equinorm"].Should().BeGreaterThan(0);
        measures.Keys.Should().Contain("head: selfDuality").And.Contain("linear2: nc1");
    }

    public static TheoryData<string> Methods => new(
        "method=plain frame=identity fix-from-start=linear2", "", "frame=random fix-from-start=2",
        "frame=random begin-as-frame=linear2 rates=linear2@0:0,linear2@2:1",
        $"method=adaptive epsilon=0.9 max-per-epoch=1 {Open}", "adam-w=true cosine=true rising-epochs=1 rates=head@2:0.5");

    [Theory]
    [MemberData(nameof(Methods))]
    public void Run_ResumedAfterAnyEpoch_EndsAsIfItHadNotBeenStopped(string method)
    {
        var settings = $"{Small} epochs=4 milestones=1,3 {method}";
        var whole = Run(settings);
        using var folder = new TemporaryFolder();
        for (var stop = 1; stop < 4; stop++)
        {
            using (var stopped = NewTrainer(settings))
            {
                Enumerable.Range(0, stop).ToList().ForEach(_ => stopped.NextEpoch());
                stopped.Save(folder.File("state"));
            }

            using var continued = NewTrainer(settings);
            continued.Load(folder.File("state"), stop);
            var resumed = EpochsOf(continued, 4);

            resumed.Select(epoch => epoch.Epoch).Should().Equal(Enumerable.Range(stop + 1, 4 - stop));
            resumed.Select(Figures).Should().Equal(whole.Skip(stop).Select(Figures));
            resumed[^1].Should().BeEquivalentTo(whole[^1]);
        }
    }

    [Fact]
    public void Run_Canceled_FinishesTheBatchAndNoMore()
    {
        using var stop = new CancellationTokenSource();
        using var trainer = NewTrainer(Small);
        var shares = 0;
        trainer.NextEpoch(_ => shares++);
        FluentActions.Invoking(() => trainer.NextEpoch(_ =>
        {
            if (++shares == 7)
                stop.Cancel();
        }, stop.Token)).Should().Throw<OperationCanceledException>();

        (trainer.FinishedEpochs, shares).Should().Be((1, 7));
    }

    [Fact]
    public void Run_UnknownLayer_IsNamed() =>
        FluentActions.Invoking(() => Run($"{Small} rates=linear9@1:0")).Should().Throw<SampleException>().WithMessage("*linear9*");

    [Theory]
    [InlineData("epochs=6", new[] { 1, 1, 0.1, 0.1, 0.01, 0.01 })]
    [InlineData("epochs=4 milestones=3", new[] { 1, 1, 1, 0.1 })]
    [InlineData("epochs=4 cosine=true", new[] { 1, 0.853553, 0.5, 0.146447 })]
    [InlineData("epochs=4 cosine=true rising-epochs=2", new[] { 0.333333, 0.666667, 1, 0.5 })]
    public void RateOf_Epochs_FollowTheSchedule(string settings, double[] shares) => Enumerable.Range(1, shares.Length)
        .Select(epoch => Math.Round(Settings.Parse(settings).Bind(new Recipe()).RateOf(epoch) / 0.05, 6)).Should().Equal(shares);

    [Theory]
    [InlineData("linear3", 3)]
    [InlineData("block5.conv1", 5)]
    [InlineData("block12.feedforward.up", 12)]
    [InlineData("stem", 1)]
    [InlineData("head", null)]
    public void ShallowLayers_LayerAtTheEffectiveDepth_IsItsNumber(string layer, int? number) =>
        (Epochs.Epoch(1) with { EffectiveDepth = 1, Layers = [new LayerResult(layer, 0.1, null)] }).ShallowLayers().Should().Be(number);

    private static (double Loss, double Train, double Test, double? Head, double Rate) Figures(EpochResult epoch) =>
        (epoch.Loss, epoch.TrainAccuracy, epoch.TestAccuracy, epoch.NccError("head"), epoch.LearningRate);

    private Trainer NewTrainer(string settings) =>
        new(new TrainingRun("", Settings.Parse(settings)), _data, new Machine { Threads = 1 }, new StandingClock());

    private List<EpochResult> Run(string settings)
    {
        using var trainer = NewTrainer(settings);
        return EpochsOf(trainer, new TrainingRun("", Settings.Parse(settings)).Recipe.Epochs);
    }

    private static List<EpochResult> EpochsOf(Trainer trainer, int last)
    {
        var epochs = new List<EpochResult>();
        while (trainer.FinishedEpochs < last)
            epochs.Add(trainer.NextEpoch());
        return epochs;
    }
}
