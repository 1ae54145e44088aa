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
            return cases;
        }
    }

    private static Dictionary<string, Func<TrainingState, TrainingState>> FaultKinds { get; } = new()
    {
        ["state of the last parameter cut short"] = state => WithLastState(state, bytes => bytes[..^3]),
        ["state of the last parameter longer"] = state => WithLastState(state, bytes => [.. bytes, 1, 2, 3]),
        ["state of the last parameter of nonsense"] = state =>
            WithLastState(state, bytes => [.. bytes.Select(value => (byte)(value ^ 0x5A))]),
        ["state of another parameter's shape"] = state => WithLastState(state, _ => state.Optimizers[0].Groups[0].States[0].State),
        ["options of a group cut short"] = state => WithGroup(state, group => group with { Options = group.Options[..^1] }),
        ["state without its parameter"] = state => WithGroup(state, group => group with { States = [.. group.States.Skip(1)] }),
        ["state of an unknown parameter"] = state =>
            WithGroup(state, group => group with { States = [.. group.States, ("nobody.weight", group.States[0].State)] }),
        ["last tensor missing"] = state => state with { Tensors = [.. state.Tensors.SkipLast(1)] },
        ["tensor that is not the model's"] = state =>
            state with { Tensors = [.. state.Tensors, state.Tensors[0] with { Name = "nobody" }] },
        ["factor of a frame of another shape"] = state =>
            WithTensors(state, "matrix", tensor => tensor with { Shape = [.. tensor.Shape, 1] }),
        ["factor of a frame missing"] = state =>
            state with { Tensors = [.. state.Tensors.Where(tensor => !tensor.Name.EndsWith("matrix", StringComparison.Ordinal))] },
        ["scale of a frame that is none"] = state =>
            WithTensors(state, ".frame", tensor => tensor with { Bytes = [.. tensor.Bytes[..^8], .. BitConverter.GetBytes(-1.5)] }),
        ["frame of another kind"] = state =>
            WithTensors(state, ".frame", tensor => tensor with { Bytes = [.. new byte[8], .. tensor.Bytes[8..]] }),
        ["plan of an unknown layer at its end"] = state => state with { Plan = [.. state.Plan, state.Plan[0] with { Name = "nobody" }] },
        ["plan of a module that is no layer"] = state => state with { Plan = [.. state.Plan, state.Plan[0] with { Name = "act" }] },
        ["plan of a layer of another shape"] = state =>
            WithLastLayer(state, layer => layer with { Header = layer.Header with { Shape = new FrameShape(3, 5, false) } }),
        ["optimizer of another type"] = state => state with { Optimizers = [state.Optimizers[0] with { Type = "Other" }] },
        ["one optimizer too many"] = state => state with { Optimizers = [.. state.Optimizers, state.Optimizers[0]] },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Load_OneBadPart_ThrowsAndChangesNothing(string fault, string kind, bool scheduled)
    {
        using var good = Trained(kind);
        var path = _folder.File("bad.etf");
        CheckpointFile.Write(path, FaultKinds[fault](good.Etf!.Snapshot().State));
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
        load.Should().Throw<ArgumentException>();

        fresh.Reading().Should().Equal(before);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
        EtfPlan.Of(fresh.Model).LayerNames.Should().BeEmpty();
        TrainingLoop.Epoch(fresh.Model, fresh.Optimizer, _data, fresh.Etf);
        CheckpointFile.Write(path, good.Etf.Snapshot().State);
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
        var early = run.Etf!.Snapshot().State;
        TrainingLoop.UntilFixed(run.Model, run.Optimizer, _data, run.Etf, "hidden");
        var before = run.Reading();
        // The state of trained layers has no frame and no plan to spoil.
        var words = new[] { "frame", "plan" };
        foreach (var (fault, spoil) in FaultKinds.Where(one => !words.Any(one.Key.Contains)))
        {
            ((Action)(() => run.Etf.Restore(new EtfSnapshot(spoil(early))))).Should().Throw<ArgumentException>(fault);
            run.Reading().Should().Equal(before);
        }

        run.Etf.Restore(new EtfSnapshot(early));
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
    public void Load_TrainedScaleThatLeftThePositiveNumbers_IsAsSaved(float scale)
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

    private static TrainingState WithTensors(TrainingState state, string part, Func<TensorMemory, TensorMemory> change) =>
        state with { Tensors = [.. state.Tensors.Select(one => one.Name.Contains(part, StringComparison.Ordinal) ? change(one) : one)] };

    private static TrainingState WithLastLayer(TrainingState state, Func<PlannedLayer, PlannedLayer> change) =>
        state with { Plan = [.. state.Plan.SkipLast(1), change(state.Plan[^1])] };

    private static TrainingState WithGroup(TrainingState state, Func<OptimizerGroupMemory, OptimizerGroupMemory> change) =>
        state with { Optimizers = [state.Optimizers[0] with { Groups = [change(state.Optimizers[0].Groups[0])] }] };

    private static TrainingState WithLastState(TrainingState state, Func<byte[], byte[]> change) => WithGroup(state, group =>
        group with { States = [.. group.States.SkipLast(1), (group.States[^1].Name, change(group.States[^1].State))] });

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
