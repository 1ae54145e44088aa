using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Checkpoints;

public sealed class EtfCheckpointTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options = new() { Epsilon = 0.45, MaxPerEpoch = 1, WarmupEpochs = 2, MaxOutputError = double.PositiveInfinity };

    private readonly TemporaryFolder _folder = new();
    private readonly Blobs _data = new(noise: 0.8);

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var shape in new[] { "Sequential", "ModuleField", "LinearField", "Tied" })
                foreach (var optimizer in new[] { "SGD", "Adam", "AdamW", "RMSProp", "Adagrad", "ASGD", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop" })
                    cases.Add(shape, optimizer);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_IntoAFreshModelMidway_ContinuesBitForBit(string shape, string optimizer)
    {
        var straight = Run(shape, optimizer, 1, 6, null, null);
        Run(shape, optimizer, 1, 3, null, _folder.File("middle.etf"));
        var resumed = Run(shape, optimizer, 4, 6, _folder.File("middle.etf"), null);

        resumed.Report.FixedLayers.Should().BeEquivalentTo(straight.Report.FixedLayers);
        straight.Report.FixedLayers.Should().NotBeEmpty();
        resumed.Weights.Keys.Should().Equal(straight.Weights.Keys);
        foreach (var (name, bytes) in straight.Weights)
            resumed.Weights[name].Should().Equal(bytes, name);
        resumed.Report.Layers.Select(layer => layer.NccError).Should().Equal(straight.Report.Layers.Select(layer => layer.NccError));
    }

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
    public void Load_AnyBitFlippedOrCutAnywhere_ThrowsAndChangesNothing()
    {
        using var model = Trained(out var path);
        var bytes = File.ReadAllBytes(path);
        var random = new Random(5);
        using var fresh = Shapes.Make("Sequential");
        var before = Outputs(fresh);
        var bad = _folder.File("bad.etf");
        for (var trial = 0; trial < 60; trial++)
        {
            var damaged = (byte[])bytes.Clone();
            if (trial % 2 == 0)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            else
                damaged = damaged[..random.Next(damaged.Length)];
            File.WriteAllBytes(bad, damaged);
            var act = () => EtfCheckpoint.Load(bad, fresh);
            act.Should().Throw<InvalidDataException>().WithMessage($"*{bad}*");
        }

        Outputs(fresh).Should().Equal(before);
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Load_NewerVersion_SaysSo()
    {
        using var model = Trained(out var path);
        var bytes = File.ReadAllBytes(path);
        bytes[8] = 9;
        File.WriteAllBytes(path, bytes);
        ((Action)(() => EtfCheckpoint.Load(path, model))).Should().Throw<InvalidDataException>().WithMessage("*version 9*version 1*");
    }

    [Fact]
    public void Load_OtherArchitecture_ThrowsAndChangesNothing()
    {
        using var model = Trained(out var path);
        using var other = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 5));
        var before = Outputs(other);
        ((Action)(() => EtfCheckpoint.Load(path, other))).Should().Throw<ArgumentException>();
        Outputs(other).Should().Equal(before);
        EtfPlan.Of(other).LayerNames.Should().BeEmpty();

        using var optimizer = optim.SGD(other.parameters(), 0.1);
        using var fresh = Shapes.Make("Sequential");
        using var wrong = optim.SGD(fresh.parameters(), 0.1);
        ((Action)(() => EtfCheckpoint.Load(path, fresh, wrong))).Should().Throw<ArgumentException>().WithMessage("*optimizer*");
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Load_TrainedLayersIntoAModelThatHasThemFixed_ThrowsAndChangesNothing()
    {
        using var fresh = Shapes.Make("Sequential");
        EtfCheckpoint.Save(_folder.File("before.etf"), fresh);
        using var model = Trained(out _);
        var before = Outputs(model);
        ((Action)(() => EtfCheckpoint.Load(_folder.File("before.etf"), model))).Should().Throw<ArgumentException>().WithMessage("*'0'*fixed*trained*freshly built*");
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
        act.Should().Throw<ArgumentException>().WithMessage("*optimizer*");
        Outputs(fresh).Should().Equal(before);
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
        optimizer.parameters().Should().HaveCount(groups ? 4 : 3);
    }

    [Fact]
    public void Load_WeightSharedWithAnotherModule_ContinuesBitForBit()
    {
        using var model = new SharedWeight();
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        TrainingLoop.Epoch(model, optimizer, _data);
        model.ApplyEtf(EtfFrame.Identity, ["hidden"], [optimizer]);
        TrainingLoop.Epoch(model, optimizer, _data);
        EtfCheckpoint.Save(_folder.File("shared.etf"), model, optimizer);

        using var fresh = new SharedWeight();
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
        ((Action)(() => etf.Restore(early))).Should().Throw<ArgumentException>().WithMessage("*2 parameter groups*");
        Outputs(model).Should().Equal(before);
        EtfPlan.Of(model).LayerNames.Should().Contain("0");
    }

    [Fact]
    public void Save_UnwritableFolder_ThrowsIOExceptionAndKeepsTheOldFile()
    {
        using var model = Trained(out var path);
        var before = File.ReadAllBytes(path);
        var act = () => EtfCheckpoint.Save(_folder.File("no/such/folder.etf"), model);
        act.Should().Throw<IOException>();
        File.ReadAllBytes(path).Should().Equal(before);
        Directory.GetFiles(_folder.Path).Should().Equal(path);
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

    private (EtfReport Report, Dictionary<string, byte[]> Weights) Run(string shape, string optimizerName, int first, int last, string? load, string? save)
    {
        manual_seed(11);
        using var model = Shapes.Make(shape);
        using var optimizer = Create(optimizerName, model);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        if (load is not null)
            EtfCheckpoint.Load(load, etf);
        for (var epoch = first; epoch <= last; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            etf.EndEpoch();
        }

        if (save is not null)
            EtfCheckpoint.Save(save, etf);
        return (etf.Report, model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.bytes.ToArray()));
    }

    /// <summary>Two layers of one weight, and a head.</summary>
    private sealed class SharedWeight : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden;
        private readonly nn.Module<Tensor, Tensor> again;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public SharedWeight()
            : base(nameof(SharedWeight))
        {
            var first = nn.Linear(16, 16);
            (hidden, again) = (first, nn.Linear(first.weight, new Parameter(zeros(16))));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(nn.functional.relu(again.call(nn.functional.relu(hidden.call(input)))));
    }

    private static optim.Optimizer Create(string name, nn.Module model) => name switch
    {
        "SGD" => optim.SGD(model.parameters(), 0.02, momentum: 0.9, weight_decay: 5e-4),
        "Adam" => optim.Adam(model.parameters(), 0.005),
        "AdamW" => optim.AdamW(model.parameters(), 0.005),
        "RMSProp" => optim.RMSProp(model.parameters(), 0.002),
        "Adagrad" => optim.Adagrad(model.parameters(), 0.02),
        "ASGD" => optim.ASGD(model.parameters(), 0.05),
        "Adadelta" => optim.Adadelta(model.parameters(), 1.0),
        "Adamax" => optim.Adamax(model.parameters(), 0.005),
        "NAdam" => optim.NAdam(model.parameters(), 0.005),
        "RAdam" => optim.RAdam(model.parameters(), 0.02),
        _ => optim.Rprop(model.parameters(), 0.002),
    };
}
