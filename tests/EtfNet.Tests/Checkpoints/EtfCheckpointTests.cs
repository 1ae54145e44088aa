using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Checkpoints;

public sealed class EtfCheckpointTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options = ResumedRun.Options with { WarmupEpochs = 2 };

    private readonly TemporaryFolder _folder = new();
    private readonly Blobs _data = new(noise: 0.8);

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var shape in new[] { "Sequential", "ModuleField", "LinearField", "Tied", "Conv2dSequential", "Conv1dSequential" })
                foreach (var optimizer in OptimizerKinds.Names.Except(["SGDNesterov", "AdamAmsgrad"]))
                    cases.Add(shape, optimizer);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_IntoAFreshModelMidway_ContinuesBitForBit(string shape, string optimizer)
    {
        using var straight = new ResumedRun(shape, optimizer);
        straight.Train(1, 10);
        using var first = new ResumedRun(shape, optimizer);
        first.Train(1, 5);
        EtfCheckpoint.Save(_folder.File("middle.etf"), first.Etf);
        using var resumed = new ResumedRun(shape, optimizer);
        EtfCheckpoint.Load(_folder.File("middle.etf"), resumed.Etf);
        resumed.Train(6, 10);

        resumed.Etf.Report.FixedLayers.Should().BeEquivalentTo(straight.Etf.Report.FixedLayers);
        straight.Etf.Report.FixedLayers.Select(layer => layer.Epoch)
            .Should().Contain(epoch => epoch <= 5, "one layer was fixed before the save");
        resumed.Weights.Should().Equal(straight.Weights);
        resumed.Etf.Report.Layers.Select(layer => layer.NccError)
            .Should().Equal(straight.Etf.Report.Layers.Select(layer => layer.NccError));
    }

    [Fact]
    public void Load_InAnotherProcess_ContinuesBitForBit()
    {
        using var straight = new ResumedRun("ModuleField", "Adam");
        straight.Train(1, 10);
        using var first = new ResumedRun("ModuleField", "Adam");
        first.Train(1, 5);
        EtfCheckpoint.Save(_folder.File("middle.etf"), first.Etf);

        using var process = ThisProgram.Start(ResumedRun.Name, _folder.File("middle.etf"), _folder.File("end.txt"));
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
        File.ReadAllText(_folder.File("end.txt")).Should().Be(straight.Weights.Aggregate("", (text, next) => text + next + "\n"));
        straight.Etf.Report.FixedLayers.Select(layer => layer.Epoch)
            .Should().Equal([5, 6], "one layer was fixed before the save, and one after it");
    }

    /// <summary>A few moments; <c>kill 100</c>, as a command of this program, tries more.</summary>
    [Fact]
    public void Save_TrainingKilledWhileSaving_ResumesBitForBit() =>
        KilledTraining.Kill(_folder, 3, seed: 7, _ => { }).Should().OnlyContain(problem => problem == null);

    [Fact]
    public void Load_ModelAloneForInference_GivesTheSameOutputs()
    {
        using var model = Trained(out var path);
        using var fresh = Shapes.Make("Sequential");
        EtfCheckpoint.Load(path, fresh);
        Outputs(fresh).Should().Equal(Outputs(model));

        EtfPlan.Of(model).Save(_folder.File("plan.json"));
        model.save(_folder.File("weights.dat"));
        using var planned = Shapes.Make("Sequential");
        EtfPlan.Load(_folder.File("plan.json")).Apply(planned);
        planned.load(_folder.File("weights.dat"));
        Outputs(planned).Should().Equal(Outputs(model));
        EtfPlan.Of(planned).ToJson().Should().Be(EtfPlan.Of(model).ToJson());
    }

    [Fact]
    public void Load_OtherArchitecture_ThrowsAndChangesNothing()
    {
        using var model = Trained(out var path);
        using var other = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 5));
        var before = Outputs(other);
        ((Action)(() => EtfCheckpoint.Load(path, other))).Should().Throw<EtfStateException>();
        Outputs(other).Should().Equal(before);
        EtfPlan.Of(other).LayerNames.Should().BeEmpty();

        using var optimizer = optim.SGD(other.parameters(), 0.1);
        using var fresh = Shapes.Make("Sequential");
        using var wrong = optim.SGD(fresh.parameters(), 0.1);
        ((Action)(() => EtfCheckpoint.Load(path, fresh, wrong))).Should().Throw<EtfStateException>().WithMessage("*optimizer*");
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Load_TrainedLayersIntoAModelThatHasThemFixed_ThrowsAndChangesNothing()
    {
        using var fresh = Shapes.Make("Sequential");
        EtfCheckpoint.Save(_folder.File("before.etf"), fresh);
        using var model = Trained(out _);
        var before = Outputs(model);
        ((Action)(() => EtfCheckpoint.Load(_folder.File("before.etf"), model))).Should().Throw<EtfStateException>()
            .WithMessage("*'0'*fixed*trained*freshly built*");
        Outputs(model).Should().Equal(before);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Load_OptimizerOfOtherParameters_ThrowsAndChangesNothing(bool groups, bool scheduled)
    {
        using var trained = Trained(out var path);
        using var fresh = Shapes.Make("Sequential");
        var all = fresh.parameters().ToList();
        using var optimizer = groups
            ? optim.Adam([new Adam.ParamGroup(all.Take(2)), new Adam.ParamGroup(all.Skip(2))], 0.005)
            : optim.Adam(all.Take(3), 0.005);
        using var etf = scheduled ? fresh.ApplyAdaptiveEtf(Options, optimizer) : null;
        var before = Outputs(fresh);
        var act = () =>
        {
            if (etf is null)
                EtfCheckpoint.Load(path, fresh, optimizer);
            else
                EtfCheckpoint.Load(path, etf);
        };
        act.Should().Throw<EtfStateException>().WithMessage("*optimizer*");
        Outputs(fresh).Should().Equal(before);
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
        optimizer.parameters().Should().HaveCount(groups ? 4 : 3);
    }

    [Fact]
    public void Load_LayersThatShareAWeight_ContinuesBitForBit()
    {
        using var model = SharedWeights.TwoLayers(linearField: false);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        TrainingLoop.Epoch(model, optimizer, _data);
        model.ApplyEtf(EtfFrame.Identity, ["hidden", "again"], [optimizer]);
        TrainingLoop.Epoch(model, optimizer, _data);
        EtfCheckpoint.Save(_folder.File("shared.etf"), model, optimizer);

        using var fresh = SharedWeights.TwoLayers(linearField: false);
        using var other = optim.Adam(fresh.parameters(), 0.005);
        EtfCheckpoint.Load(_folder.File("shared.etf"), fresh, other);
        TrainingLoop.Epoch(model, optimizer, _data);
        TrainingLoop.Epoch(fresh, other, _data);
        Outputs(fresh).Should().Equal(Outputs(model));
    }

    [Fact]
    public void Restore_AfterAnOptimizerGotAnotherGroup_ThrowsAndChangesNothing()
    {
        using var model = Shapes.Make("Sequential");
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        etf.EndEpoch();
        var early = etf.Snapshot();
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "0");
        using var more = new Parameter(ones(3));
        ((Adam)optimizer).add_param_group(new Adam.ParamGroup([more]));
        var before = Outputs(model);
        ((Action)(() => etf.Restore(early))).Should().Throw<EtfStateException>().WithMessage("*2 parameter groups*");
        Outputs(model).Should().Equal(before);
        EtfPlan.Of(model).LayerNames.Should().Contain("0");
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private nn.Module<Tensor, Tensor> Trained(out string path)
    {
        path = _folder.File("trained.etf");
        var model = Shapes.Make("Sequential");
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "0");
        EtfCheckpoint.Save(path, etf);
        return model;
    }

    private float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        model.eval();
        return model.call(_data.Inputs).data<float>().ToArray();
    }
}
