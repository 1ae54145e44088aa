using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Samples.Training;

public sealed class TrainerTests : IDisposable
{
    private static readonly Mlp s_network = new(Width: 12, HiddenLayers: 2);
    private static readonly TrainingRecipe s_recipe = new() { Epochs = 2, BatchSize = 16, Threads = 1, Seed = 3, Milestones = [1] };

    private readonly TensorSet _train;
    private readonly TensorSet _test;

    public TrainerTests()
    {
        // 65 images: with batches of 16 the last one would be a single image, which batch norm cannot take.
        var data = new ImageData("", Images(65, seed: 1), Images(20, seed: 2), 10);
        (_train, _test) = TensorSet.Standardize(data, torch.CPU);
    }

    public void Dispose()
    {
        _train.Dispose();
        _test.Dispose();
    }

    [Fact]
    public void Run_SameSeed_GivesTheSameEpochs()
    {
        var (first, second, other) = (Run(s_recipe), Run(s_recipe), Run(s_recipe with { Seed = 4 }));

        second.Select(Figures).Should().Equal(first.Select(Figures));
        other.Select(Figures).Should().NotEqual(first.Select(Figures));
    }

    [Fact]
    public void Run_ToTheEnd_TellsEachEpochWithItsLearningRateAndLayers()
    {
        var epochs = Run(s_recipe);

        epochs.Select(epoch => epoch.Epoch).Should().Equal(1, 2);
        epochs[0].LearningRate.Should().BeApproximately(0.05, 1e-12);
        epochs[1].LearningRate.Should().BeApproximately(0.005, 1e-12);
        epochs[1].Layers.NccError.Select(layer => layer.Key).Should().Equal(s_network.LayerNames);
        epochs[1].Layers.NccError.Should().OnlyContain(layer => layer.Value >= 0 && layer.Value <= 1);
        epochs[1].Footprint.TrainableParameters.Should().Be((6 * 12) + 12 + 24 + (12 * 12) + 12 + 24 + (12 * 10) + 10);
    }

    [Fact]
    public void Run_LayersFixedFromTheStart_AreNotTrained()
    {
        var epochs = Run(s_recipe, new MonitoredMethod(0.1, null, EtfFrame.Identity, "linear2", "head"));

        epochs[1].Layers.Fixed.Select(layer => (layer.Name, layer.Epoch)).Should().BeEquivalentTo([("linear2", 0), ("head", 0)]);
        epochs[1].Layers.NccError.Select(layer => layer.Key).Should().Equal(s_network.LayerNames, "fixed layers are watched too");
        epochs[1].Layers.NccError.Should().NotContain(layer => layer.Value == null);
        epochs[1].Footprint.TrainableParameters.Should().BeLessThan(Run(s_recipe)[1].Footprint.TrainableParameters);
    }

    [Fact]
    public void Run_Canceled_FinishesTheBatchAndNoMore()
    {
        using var stop = new CancellationTokenSource();
        var listener = new Listener { AtBatch = (epoch, done) => { if (epoch == 2 && done == 3) stop.Cancel(); } };

        FluentActions.Invoking(() => Trainer(s_recipe).Run(Create, new MonitoredMethod(0.1), listener, stop.Token))
            .Should().Throw<OperationCanceledException>();

        listener.Epochs.Should().ContainSingle();
        listener.Batches.Should().Be(4 + 3);
    }

    [Fact]
    public void Run_ToTheEnd_LeavesNoTensorBehind()
    {
        Run(s_recipe);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        Run(s_recipe);

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    public static TheoryData<LayerMethod> Methods => new(
        new PlainMethod(EtfFrame.Identity, "linear2"),
        new MonitoredMethod(0.1),
        new MonitoredMethod(0.1, null, EtfFrame.Random(5), "linear2", "head"),
        new FrozenMethod(0.1, EtfFrame.Random(5), 2, "linear2"),
        new AdaptiveMethod(new AdaptiveEtfOptions { Epsilon = 0.9, MaxPerEpoch = 1, MaxOutputError = double.PositiveInfinity, MaxErrorRise = double.PositiveInfinity, MaxLossRise = double.PositiveInfinity }));

    [Theory]
    [MemberData(nameof(Methods))]
    public void Run_ResumedAfterAnyEpoch_EndsAsIfItHadNotBeenStopped(LayerMethod method)
    {
        var recipe = s_recipe with { Epochs = 4, Milestones = [1, 3] };
        var whole = Run(recipe, method);

        for (var stop = 1; stop < recipe.Epochs; stop++)
        {
            using var memory = new Memory(stop);
            Run(recipe, method, memory);
            var resumed = Run(recipe, method, new Resumed(memory));

            resumed.Select(epoch => epoch.Epoch).Should().Equal(Enumerable.Range(stop + 1, recipe.Epochs - stop));
            resumed.Select(Figures).Should().Equal(whole.Skip(stop).Select(Figures));
            resumed.Select(epoch => epoch.LearningRate).Should().Equal(whole.Skip(stop).Select(epoch => epoch.LearningRate));
            resumed[^1].Layers.Should().BeEquivalentTo(whole[^1].Layers);
        }
    }

    [Fact]
    public void Run_FrozenLayers_AreTrainedOnceTheirEpochsAreOver()
    {
        var recipe = s_recipe with { Epochs = 3 };
        var (part, all, none) = (Run(recipe, new FrozenMethod(0.1, EtfFrame.Identity, 2, "linear2")), Run(recipe, new FrozenMethod(0.1, EtfFrame.Identity, null, "linear2")), Run(recipe));

        part.Select(epoch => epoch.Layers.Fixed.Count).Should().Equal(1, 0, 0);
        all.Select(epoch => epoch.Layers.Fixed.Count).Should().Equal(1, 1, 1);
        part.Take(2).Select(Figures).Should().Equal(all.Take(2).Select(Figures));
        part[2].Loss.Should().NotBe(all[2].Loss);
        (none[0].Footprint.TrainableParameters - all[2].Footprint.TrainableParameters).Should().Be(12 * 12);
        part[2].Footprint.TrainableParameters.Should().Be(none[2].Footprint.TrainableParameters);
    }

    [Fact]
    public void Run_FrozenLayerThatIsNotThere_NamesIt() =>
        FluentActions.Invoking(() => Run(s_recipe, new FrozenMethod(0.1, EtfFrame.Identity, 2, "linear9"))).Should().Throw<SampleException>().WithMessage("*linear9*");

    [Fact]
    public void Run_ClockThatStands_TakesNoTime()
    {
        var listener = new Listener();

        new Trainer(_train, _test, s_recipe, new StandingClock()).Run(Create, new MonitoredMethod(0.1), listener, CancellationToken.None);

        listener.Epochs.Should().OnlyContain(epoch => epoch.Seconds == 0 && epoch.MonitoringSeconds == 0);
    }

    [Fact]
    public void Measure_KnownPredictions_IsTheShareThatIsRight()
    {
        using var inputs = torch.eye(10).repeat(3, 1);
        using var labels = torch.arange(30) % 10;
        using var model = torch.nn.Identity();
        labels[0] = torch.tensor(5L);

        Accuracy.Measure(model, new TensorSet(inputs, labels)).Should().BeApproximately(29.0 / 30, 1e-12);
    }

    private static (double Loss, double Train, double Test, double? Head) Figures(EpochResult epoch) =>
        (epoch.Loss, epoch.TrainAccuracy, epoch.TestAccuracy, epoch.Layers.NccError is [.., var head] ? head.Value : null);

    private static torch.nn.Module<torch.Tensor, torch.Tensor> Create() => s_network.Create(inputs: 6, classes: 10);

    private List<EpochResult> Run(TrainingRecipe recipe, LayerMethod? method = null, ITrainingMemory? memory = null)
    {
        var listener = new Listener();
        Trainer(recipe).Run(Create, method ?? new MonitoredMethod(0.1), listener, CancellationToken.None, memory);
        return listener.Epochs;
    }

    private Trainer Trainer(TrainingRecipe recipe) => new(_train, _test, recipe);

    private static LabeledImages Images(int count, int seed) => new(IdxBytes.Random(count * 6, seed), IdxBytes.Random(count, seed, below: 10), 3, 2);

    private sealed class Listener : ITrainingListener
    {
        public Action<int, int> AtBatch { get; init; } = (_, _) => { };

        public List<EpochResult> Epochs { get; } = [];

        public int Batches { get; private set; }

        public void BatchEnded(int epoch, int done, int total)
        {
            Batches++;
            AtBatch(epoch, done);
        }

        public void EpochEnded(EpochResult result) => Epochs.Add(result);
    }

    /// <summary>Saves after one epoch.</summary>
    private sealed class Memory(int epoch) : ITrainingMemory, IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public int Epoch => epoch;

        public int FinishedEpochs => 0;

        public void Restore(LayerWatch watch) => watch.Load(_folder.File("state"));

        public void Save(int finished, LayerWatch watch)
        {
            if (finished == epoch)
                watch.Save(_folder.File("state"));
        }

        public void Dispose() => _folder.Dispose();
    }

    /// <summary>Goes on from what another one saved.</summary>
    private sealed class Resumed(Memory memory) : ITrainingMemory
    {
        public int FinishedEpochs => memory.Epoch;

        public void Restore(LayerWatch watch) => memory.Restore(watch);

        public void Save(int epoch, LayerWatch watch)
        {
        }
    }

    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
