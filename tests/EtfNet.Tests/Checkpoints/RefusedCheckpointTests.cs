using System.Text.Json;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Checkpoints;

/// <summary>Checkpoints of which one part is bad: refused whole, with model, optimizer and scheduler bit for bit as before.</summary>
public sealed class RefusedCheckpointTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options =
        TrainingLoop.Eager with { Epsilon = 0.45, MaxPerEpoch = 4, Frame = EtfFrame.Nearest };

    private readonly TemporaryFolder _folder = new();
    private readonly Blobs _data = new();

    public static TheoryData<string, string, bool> Faults
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (var kind in new[] { "SGD", "AdamAmsgrad", "RMSProp", "Rprop" })
                foreach (var fault in FaultKinds.Keys)
                    foreach (var scheduled in new[] { true, false })
                        cases.Add(fault, kind, scheduled);
            foreach (var fault in SchedulerFaultKinds.Keys)
                cases.Add(fault, "SGD", true);
            return cases;
        }
    }

    private static Dictionary<string, Func<StateSet, StateSet>> FaultKinds { get; } = new()
    {
        ["no state of the last parameter"] = state => LastState(state).Aggregate(state, (left, name) => left.Without(name)),
        ["state of the last parameter of another type"] = state =>
            state.With(LastState(state).Last(), new RowTensor<long>([4], [new long[4]])),
        ["state of another parameter's shape"] = state => state.With(
            LastState(state).First(state.Tensors.ContainsKey), new RowTensor<float>([16, 16], [new float[256]])),
        ["option that is no number"] = state => state.With("optimizer.0.group.0.learning_rate", "much"),
        ["option missing"] = state => state.Without("optimizer.0.group.0.learning_rate"),
        ["group without one of its parameters"] = state =>
            state.With("optimizer.0.group.0.parameters", JsonSerializer.Serialize(Parameters(state).Skip(1))),
        ["group with an unknown parameter"] = state =>
            state.With("optimizer.0.group.0.parameters", JsonSerializer.Serialize(Parameters(state).Append("nobody.weight"))),
        ["group whose parameters are no list"] = state => state.With("optimizer.0.group.0.parameters", "{"),
        ["one group too many"] = state => state.With("optimizer.0.group.1.parameters", "[]"),
        ["last tensor missing"] = state => state.Without("model.head.bias"),
        ["tensor that is not the model's"] = state => state.With("model.nobody", new RowTensor<float>([1], [[1]])),
        ["tensor that is nothing's"] = state => state.With("nobody", new RowTensor<float>([1], [[1]])),
        ["weight of another type"] = state => state.With("model.head.bias", new RowTensor<double>([4], [new double[4]])),
        ["factor of a frame of another shape"] = state => state.With("model.hidden.matrix", new RowTensor<float>([16], [new float[16]])),
        ["factor of a frame missing"] = state => state.Without("model.hidden.matrix"),
        ["scale of a frame that is none"] = state => WithFrame(state, numbers => numbers[^1] = BitConverter.DoubleToInt64Bits(-1.5)),
        ["frame of another kind"] = state => WithFrame(state, numbers => numbers[0] = 0),
        ["plan that is no plan"] = state => state.With(ModelFit.PlanName, "{"),
        ["plan missing"] = state => state.Without(ModelFit.PlanName),
        ["plan of an unknown layer at its end"] = state => WithPlan(state, layers => [.. layers, layers[0] with { Name = "nobody" }]),
        ["plan of a module that is no layer"] = state => WithPlan(state, layers => [.. layers, layers[0] with { Name = "act" }]),
        ["plan of a layer of another shape"] = state => WithPlan(state, layers =>
            [.. layers.SkipLast(1), layers[^1] with { Header = layers[^1].Header with { Shape = new FrameShape(3, 5, false) } }]),
        ["optimizer of another type"] = state => state.With("optimizer.0.type", "Other"),
        ["one optimizer too many"] = state => state.With("optimizer.1.type", "Adam"),
    };

    private static Dictionary<string, Func<StateSet, StateSet>> SchedulerFaultKinds { get; } = new()
    {
        ["scheduler that went back"] = state => state.With("scheduler.epoch", "-1"),
        ["layer that was not watched"] = state => state.With("scheduler.layers", "[\"hidden\",\"more\"]"),
        ["layer that is not watched"] = state => state.With("scheduler.layers", "[\"hidden\",\"more\",\"head\",\"tail\"]"),
        ["record that is no record"] = state => state.With("scheduler.layers.hidden.record", "[]"),
        ["record without its name"] = state => state.With("scheduler.layers.hidden.record", "{\"epoch\":1}"),
        ["streak that is no number"] = state => state.With("scheduler.layers.more.streak", "long"),
        ["more samples wrong than scored"] = state => state.With("scheduler.monitor.layers.head.scores.wrong", "1000000"),
        ["turns of another number of steps"] = state =>
            state.With("scheduler.monitor.layers.head.scores.turns_at", new RowTensor<long>([3], [new long[3]])),
        ["distances of another number of classes"] = state =>
            state.With("scheduler.monitor.layers.head.returning.within.least", new RowTensor<double>([3], [new double[3]])),
        ["monitor of other layers"] = state => state.With("scheduler.monitor.watched", "[\"hidden\"]"),
        ["centers with a number that is none"] = state => state.With(
            "scheduler.monitor.layers.head.previous.sum",
            new RowTensor<double>([4, 4], [.. Enumerable.Repeat(new[] { 1, 2, double.NaN, 4 }, 4)])),
        ["no monitor"] = state => state.Without("scheduler.monitor"),
        ["no scheduler"] = state => state.Texts.Keys.Where(name => name.StartsWith("scheduler", StringComparison.Ordinal))
            .Aggregate(state, (left, name) => left.Without(name)),
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_OneBadPart_ThrowsAndChangesNothing(string fault, string kind, bool scheduled)
    {
        using var good = Trained(kind);
        var path = _folder.File("bad.etf");
        EtfCheckpoint.Save(_folder.File("good.etf"), good.Etf!);
        var saved = SafetensorsReader.Read(_folder.File("good.etf"));
        SafetensorsWriter.Write(path, (FaultKinds.GetValueOrDefault(fault) ?? SchedulerFaultKinds[fault])(saved));
        using var fresh = new Run(kind);
        if (scheduled)
            fresh.Schedule();
        TrainingLoop.Epoch(fresh.Model, fresh.Optimizer, _data, fresh.Etf);
        var before = fresh.Reading();
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var load = () =>
        {
            if (fresh.Etf is { } etf)
                EtfCheckpoint.Load(path, etf);
            else
                EtfCheckpoint.Load(path, fresh.Model, fresh.Optimizer);
        };
        var error = load.Should().Throw<EtfStateException>().Which;
        error.FileName.Should().Be(path);
        error.Entry.Should().NotBeNullOrEmpty("it names what is wrong");
        error.Remedy.Should().EndWith(".", "it says what to do");

        fresh.Reading().Should().Equal(before);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
        EtfPlan.Of(fresh.Model).LayerNames.Should().BeEmpty();
        TrainingLoop.Epoch(fresh.Model, fresh.Optimizer, _data, fresh.Etf);
        SafetensorsWriter.Write(path, saved);
        load.Should().NotThrow("the good one loads");
    }

    /// <summary>Back to the trained layers, while they are fixed.</summary>
    [Theory]
    [InlineData("SGD")]
    [InlineData("AdamAmsgrad")]
    public void Restore_OneBadPart_ThrowsAndChangesNothing(string kind)
    {
        using var run = new Run(kind);
        run.Schedule();
        TrainingLoop.Epoch(run.Model, run.Optimizer, _data, run.Etf);
        var early = run.Etf!.Snapshot();
        TrainingLoop.UntilFixed(run.Model, run.Optimizer, _data, run.Etf, "hidden");
        var before = run.Reading();
        // The state of trained layers has no frame and no plan to spoil.
        var words = new[] { "frame", "plan" };
        foreach (var (fault, spoil) in FaultKinds.Where(one => !words.Any(one.Key.Contains)))
        {
            ((Action)(() => run.Etf.Restore(new EtfSnapshot([], [], spoil(early.State))))).Should().Throw<EtfStateException>(fault);
            run.Reading().Should().Equal(before);
        }

        run.Etf.Restore(early);
        EtfPlan.Of(run.Model).LayerNames.Should().BeEmpty();
    }

    /// <summary>A layer that was fixed before the training and is left out by name: the checkpoint fixes it in a fresh model too.</summary>
    [Fact]
    public void Load_LayerOutsideTheChoiceOfNames_IsFixedAsSaved()
    {
        var options = Options with { Exclude = ["hidden"] };
        using var run = new Run("SGD");
        run.Model.ApplyEtf(EtfFrame.Random(1), ["hidden"], [run.Optimizer]);
        run.Schedule(options);
        TrainingLoop.UntilFixed(run.Model, run.Optimizer, _data, run.Etf!, "head");
        EtfCheckpoint.Save(_folder.File("excluded.etf"), run.Etf!);

        using var fresh = new Run("SGD");
        fresh.Schedule(options);
        var trained = fresh.Etf!.Snapshot();
        var before = fresh.Reading();
        EtfCheckpoint.Load(_folder.File("excluded.etf"), fresh.Etf);
        fresh.Reading().SkipLast(1).Should()
            .Equal(run.Reading().SkipLast(1), "all but the report, which has no errors before an epoch ends");
        fresh.Etf.Report.FixedLayers.Should().Equal(run.Etf!.Report.FixedLayers);
        TrainingLoop.Epoch(fresh.Model, fresh.Optimizer, _data, fresh.Etf);
        fresh.Etf.EndEpoch().FixedLayers.Should().NotBeEmpty();
        fresh.Etf.Restore(trained);
        fresh.Reading().Should().Equal(before);
    }

    /// <summary>A trained scale may pass through zero: what is saved then loads, and goes on bit for bit.</summary>
    [Theory]
    [InlineData(-0.75f)]
    [InlineData(0f)]
    [InlineData(2f)]
    public void Load_TrainedScaleThatIsNoLongerPositive_IsAsSaved(float scale)
    {
        using var model = Make();
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        TrainingLoop.Epoch(model, optimizer, _data);
        using (no_grad())
            model.get_parameter("hidden.scale")!.fill_(scale);
        EtfCheckpoint.Save(_folder.File("scale.etf"), model, optimizer);
        EtfPlan.Parse(EtfPlan.Of(model).ToJson()).LayerNames.Should().Equal("hidden");

        using var fresh = Make();
        using var other = optim.Adam(fresh.parameters(), 0.01);
        EtfCheckpoint.Load(_folder.File("scale.etf"), fresh, other);
        TrainingLoop.Epoch(model, optimizer, _data);
        TrainingLoop.Epoch(fresh, other, _data);
        TrainingReading.Weights(fresh).Should().Equal(TrainingReading.Weights(model));
        TrainingReading.State(other).Should().Equal(TrainingReading.State(optimizer));

        static Sequential Make() =>
            nn.Sequential(("hidden", new SimplexEtfLinear(16, 16, trainScale: true)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));
    }

    [Fact]
    public void Save_OptimizerWithoutStateForAParameter_SaysWhich()
    {
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("head", nn.Linear(16, 4)));
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        model.append("more", nn.Linear(4, 4));
        ((Action)(() => EtfCheckpoint.Save(_folder.File("none.etf"), model, optimizer))).Should().Throw<InvalidOperationException>()
            .WithMessage("*Adam*'more.weight'*");
        File.Exists(_folder.File("none.etf")).Should().BeFalse();
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private Run Trained(string kind)
    {
        var run = new Run(kind);
        run.Schedule();
        TrainingLoop.UntilFixed(run.Model, run.Optimizer, _data, run.Etf!, "hidden");
        return run;
    }

    private static List<string> Parameters(StateSet state) =>
        JsonSerializer.Deserialize<List<string>>(state.Texts["optimizer.0.group.0.parameters"])!;

    /// <summary>The entries of the state of the last parameter, texts first.</summary>
    private static List<string> LastState(StateSet state) =>
        [.. state.Texts.Keys.Concat(state.Tensors.Keys)
            .Where(name => name.StartsWith($"optimizer.0.state.{Parameters(state)[^1]}.", StringComparison.Ordinal))];

    private static StateSet WithFrame(StateSet state, Action<long[]> change)
    {
        var numbers = (long[])state.Tensors["model.hidden.frame"].Hold().ToArray();
        change(numbers);
        return state.With("model.hidden.frame", new RowTensor<long>([numbers.Length], [numbers]));
    }

    private static StateSet WithPlan(StateSet state, Func<IReadOnlyList<PlannedLayer>, IReadOnlyList<PlannedLayer>> change) =>
        state.With(ModelFit.PlanName, new EtfPlan(change(ModelWeights.Plan(state).Layers)).ToJson());

    private sealed class Run : IDisposable
    {
        public Run(string kind)
        {
            manual_seed(3);
            Model = nn.Sequential(
                ("hidden", nn.Linear(16, 16)), ("act", nn.ReLU()), ("more", nn.Linear(16, 12)), ("act2", nn.ReLU()),
                ("head", nn.Linear(12, 4)));
            Optimizer = OptimizerKinds.Make(kind, Model.parameters());
        }

        public Sequential Model { get; }

        public OptimizerHelper Optimizer { get; }

        public AdaptiveEtfScheduler? Etf { get; private set; }

        public void Schedule(AdaptiveEtfOptions? options = null) => Etf = Model.ApplyAdaptiveEtf(options ?? Options, Optimizer);

        public IReadOnlyList<string> Reading() =>
        [
            .. TrainingReading.Weights(Model), .. TrainingReading.Names(Optimizer, Model), .. TrainingReading.State(Optimizer),
            EtfPlan.Of(Model).ToJson(), Etf?.Report.ToString() ?? "",
        ];

        public void Dispose()
        {
            Etf?.Dispose();
            Optimizer.Dispose();
            Model.Dispose();
        }
    }
}
