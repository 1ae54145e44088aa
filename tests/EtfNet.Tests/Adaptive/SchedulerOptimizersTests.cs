using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Optimizers that come, go and are disposed while layers are fixed and come back.</summary>
public sealed class SchedulerOptimizersTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = new() { Epsilon = 0.4, MaxOutputError = double.PositiveInfinity, MaxErrorRise = double.PositiveInfinity, MaxPerEpoch = 4 };

    private readonly Blobs _data = new();
    private readonly nn.Module<Tensor, Tensor> _model = Shapes.Make("ModuleField");
    private readonly TemporaryFolder _folder = new();

    public enum Fate
    {
        Kept,
        Removed,
        Disposed,
    }

    public static TheoryData<bool, Fate> Fates
    {
        get
        {
            var cases = new TheoryData<bool, Fate>();
            foreach (var lazy in new[] { true, false })
                foreach (var fate in Enum.GetValues<Fate>())
                    cases.Add(lazy, fate);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Fates))]
    public void Revert_OptimizerMadeAfterTheFix_TrainsTheWeightAtItsPlace(bool lazy, Fate fate)
    {
        var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, first);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        using var second = optim.SGD(Parameters(lazy), 0.05, momentum: 0.9);
        etf.AddOptimizer(second);
        Leave(etf, first, fate);
        TrainingLoop.Epoch(_model, second, _data, etf);
        etf.Revert("hidden");

        TrainingReading.Names(second, _model).Should().Equal("0:hidden.weight", "0:hidden.bias", "0:head.weight", "0:head.bias");
        if (fate != Fate.Disposed)
            TrainingReading.Names(first, _model).Should().HaveCount(fate == Fate.Kept ? 4 : 3);
        TrainsAll(second);
    }

    [Theory]
    [MemberData(nameof(Fates))]
    public void Guard_OptimizerMadeAfterTheFix_GetsTheWeightBack(bool lazy, Fate fate)
    {
        var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"], Guard = new FixGuardOptions { GraceEpochs = 2 } }, first);
        for (var epoch = 0; etf.Report.FixedLayers.Count == 0; epoch++)
        {
            epoch.Should().BeLessThan(12);
            TrainingLoop.Epoch(_model, first, _data, etf);
            etf.EndEpoch(loss: 0.1);
        }

        using var second = optim.SGD(Parameters(lazy), 0.05, momentum: 0.9);
        etf.AddOptimizer(second);
        Leave(etf, first, fate);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            TrainingLoop.Epoch(_model, second, _data, etf);
            etf.EndEpoch(loss: 5);
        }

        etf.Report.Reverted.Should().Equal("hidden");
        TrainsAll(second);
    }

    [Theory]
    [MemberData(nameof(Fates))]
    public void Restore_OptimizerSwappedSinceTheSnapshot_BringsTheModelBackAndTheNewOneTrainsIt(bool lazy, Fate fate)
    {
        var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager, first);
        TrainingLoop.Epoch(_model, first, _data, etf);
        var (trained, state) = (etf.Snapshot(), TrainingReading.State(first));
        var before = TrainingReading.Weights(_model);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        TrainingLoop.Epoch(_model, first, _data, etf);
        var half = etf.Snapshot();
        var fixedWeights = TrainingReading.Weights(_model);
        using var second = optim.SGD(Parameters(lazy), 0.05, momentum: 0.9);
        etf.AddOptimizer(second);
        Leave(etf, first, fate);
        TrainingLoop.Epoch(_model, second, _data, etf);

        etf.Restore(trained);
        TrainingReading.Weights(_model).Should().Equal(before);
        if (fate == Fate.Kept)
            TrainingReading.State(first).Should().Equal(state);
        TrainingReading.Names(second, _model).Should().Equal("0:hidden.weight", "0:hidden.bias", "0:head.weight", "0:head.bias");
        TrainsAll(second);

        etf.Restore(half);
        TrainingReading.Weights(_model).Should().Equal(fixedWeights);
        TrainingReading.Names(second, _model).Should().NotContain("0:hidden.weight");
        TrainsAll(second);
    }

    [Theory]
    [InlineData(Fate.Removed)]
    [InlineData(Fate.Disposed)]
    public void Save_AfterOneOptimizerTookTheOthersPlace_LoadsWithTheNewOneAlone(Fate fate)
    {
        var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager, first);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        using var second = optim.SGD(_model.parameters(), 0.05, momentum: 0.9);
        Leave(etf, first, fate);
        etf.AddOptimizer(second);
        TrainingLoop.Epoch(_model, second, _data, etf);
        EtfCheckpoint.Save(_folder.File("swapped.etf"), etf);

        using var fresh = Shapes.Make("ModuleField");
        using var other = optim.SGD(fresh.parameters(), 0.05, momentum: 0.9);
        using var resumed = fresh.ApplyAdaptiveEtf(Eager, other);
        EtfCheckpoint.Load(_folder.File("swapped.etf"), resumed);
        TrainingReading.State(other).Should().Equal(TrainingReading.State(second));
        TrainingReading.Names(other, fresh).Should().Equal(TrainingReading.Names(second, _model));
    }

    [Fact]
    public void Revert_UntoldOptimizerOfAList_TheReportSaysThatNothingTrainsTheWeight()
    {
        using var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, first);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        using var second = optim.SGD(_model.parameters().ToList(), 0.05);
        etf.Revert("hidden");
        TrainingLoop.Epoch(_model, second, _data, etf);
        etf.EndEpoch().Layers.Single(layer => layer.Name == "hidden").Note.Should().Contain("AddOptimizer");

        etf.AddOptimizer(second);
        TrainingReading.Names(second, _model).Should().Equal("0:hidden.weight", "0:hidden.bias", "0:head.weight", "0:head.bias");
        TrainsAll(second);
        TrainingLoop.Epoch(_model, second, _data, etf);
        etf.EndEpoch().Layers.Single(layer => layer.Name == "hidden").Note.Should().NotContain("AddOptimizer");
    }

    [Fact]
    public void AddOptimizer_LazyOneAfterTheRevert_GetsTheStateThatItLacks()
    {
        using var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, first);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        using var second = optim.Adam(_model.parameters(), 0.005);
        etf.Revert("hidden");
        ((Action)(() => TrainingLoop.Epoch(_model, second, _data, etf))).Should().Throw<KeyNotFoundException>("it was not told of, as Revert's documentation says");
        etf.AddOptimizer(second);
        TrainsAll(second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fix_ParameterThatStandsTwice_LeavesAllItsPlacesAndComesBackToThem(bool twoGroups)
    {
        var hidden = (Linear)ModuleTree.Walk(_model).Single(node => node.Path == "hidden").Module;
        using var optimizer = twoGroups
            ? optim.Adam([new Adam.ParamGroup(_model.parameters().ToList(), lr: 0.005), new Adam.ParamGroup([hidden.bias!, hidden.weight], lr: 0.0001, amsgrad: true)], 0.01)
            : optim.Adam(_model.parameters().Concat(hidden.parameters()).ToList(), 0.005);
        var before = TrainingReading.Names(optimizer, _model);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, optimizer);
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "hidden");
        TrainingReading.Names(optimizer, _model).Should().Equal(before.Where(name => !name.EndsWith("hidden.weight", StringComparison.Ordinal)));
        TrainingLoop.Epoch(_model, optimizer, _data, etf);
        var snapshot = etf.Snapshot();
        etf.Revert("hidden");
        TrainingReading.Names(optimizer, _model).Should().Equal(before);
        TrainsAll(optimizer);
        etf.Restore(snapshot);
        TrainingLoop.Epoch(_model, optimizer, _data, etf);
    }

    [Fact]
    public void Revert_GroupsWithOptionsOfTheirOwn_GiveTheirOwnStateInTheOldOrder()
    {
        using var model = nn.Sequential(("a", nn.Linear(16, 16)), ("r1", nn.ReLU()), ("b", nn.Linear(16, 16)), ("r2", nn.ReLU()), ("c", nn.Linear(16, 16)), ("r3", nn.ReLU()), ("head", nn.Linear(16, 4)));
        var all = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter);
        using var optimizer = optim.Adam([
            new Adam.ParamGroup([all["c.weight"], all["a.weight"], all["head.weight"]], lr: 0.003, amsgrad: true),
            new Adam.ParamGroup([all["b.weight"], all["a.bias"], all["b.bias"], all["c.bias"], all["head.bias"]], lr: 0.006)], 0.005);
        var before = TrainingReading.Names(optimizer, model);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Include = ["a", "b", "c"] }, optimizer);
        foreach (var order in new[] { new[] { "a", "b", "c" }, ["c", "b", "a"], ["b", "c", "a"] })
        {
            foreach (var name in order)
                TrainingLoop.UntilFixed(model, optimizer, _data, etf, name);
            foreach (var name in order)
            {
                etf.Revert(name);
                etf.Allow(name);
            }

            TrainingReading.Names(optimizer, model).Should().Equal(before);
            foreach (var (name, parameter) in all)
                (((Adam.State)OptimizerStates.Of(optimizer, parameter)!).max_exp_avg_sq is not null).Should().Be(name is "a.weight" or "c.weight" or "head.weight", name);
            TrainingLoop.Epoch(model, optimizer, _data, etf);
        }

        optimizer.ParamGroups.Select(group => group.LearningRate).Should().Equal(0.003, 0.006);
    }

    [Fact]
    public void Revert_WeightsAndBiasesInTwoOptimizers_EachKeepsItsOwn()
    {
        using var weights = optim.SGD(_model.named_parameters().Where(entry => entry.name.EndsWith("weight", StringComparison.Ordinal)).Select(entry => entry.parameter).ToList(), 0.05, weight_decay: 1e-3);
        using var biases = optim.SGD(_model.named_parameters().Where(entry => entry.name.EndsWith("bias", StringComparison.Ordinal)).Select(entry => entry.parameter).ToList(), 0.05);
        using var etf = _model.ApplyAdaptiveEtf(Eager, weights, biases);
        for (var epoch = 0; etf.Report.FixedLayers.Count < 2; epoch++)
        {
            epoch.Should().BeLessThan(12);
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                weights.zero_grad();
                biases.zero_grad();
                nn.functional.cross_entropy(_model.call(input), labels).backward();
                weights.step();
                biases.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        weights.parameters().Should().BeEmpty();
        etf.Revert("hidden");
        TrainingReading.Names(weights, _model).Should().Equal("0:hidden.weight");
        TrainingReading.Names(biases, _model).Should().Equal("0:hidden.bias", "0:head.bias");
    }

    [Fact]
    public void Candidates_LayerThatNoGivenOptimizerTrains_WaitsUntilOneDoes()
    {
        using var optimizer = optim.Adam(((nn.Module)_model).named_parameters().Where(entry => entry.name.StartsWith("head", StringComparison.Ordinal)).Select(entry => entry.parameter).ToList(), 0.02);
        using var etf = _model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "head", most: 25);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(_model, optimizer, _data, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        etf.Report.Layers.Single(layer => layer.Name == "hidden").Note.Should().Be("no optimizer that was given trains it");
        ((Adam)optimizer).add_param_group(new Adam.ParamGroup(((nn.Module)ModuleTree.Walk(_model).Single(node => node.Path == "hidden").Module).parameters().ToList()));
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "hidden", most: 25);
    }

    [Fact]
    public void RemoveOptimizer_KnownUnknownAndNull_SaysWhichAndChangesNothingOfIt()
    {
        using var optimizer = optim.Adam(_model.parameters(), 0.005);
        using var other = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "hidden");
        var before = TrainingReading.State(optimizer);
        etf.RemoveOptimizer(other).Should().BeFalse();
        etf.RemoveOptimizer(optimizer).Should().BeTrue();
        etf.RemoveOptimizer(optimizer).Should().BeFalse();
        ((Action)(() => etf.RemoveOptimizer(null!))).Should().Throw<ArgumentNullException>();
        TrainingReading.State(optimizer).Should().Equal(before);
    }

    public void Dispose()
    {
        _model.Dispose();
        _data.Dispose();
        _folder.Dispose();
    }

    private static void Leave(AdaptiveEtfScheduler etf, optim.Optimizer optimizer, Fate fate)
    {
        if (fate == Fate.Removed)
            etf.RemoveOptimizer(optimizer).Should().BeTrue();
        else if (fate == Fate.Disposed)
            optimizer.Dispose();
    }

    private IEnumerable<Parameter> Parameters(bool lazy) => lazy ? _model.parameters() : _model.parameters().ToList();

    private void TrainsAll(optim.Optimizer optimizer)
    {
        var before = _model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.data<float>().ToArray());
        TrainingLoop.Epoch(_model, optimizer, _data);
        foreach (var (name, parameter) in _model.named_parameters())
            parameter.data<float>().ToArray().Should().NotEqual(before[name], "{0} is trained", name);
        ((OptimizerHelper)optimizer).state_dict().State.Should().HaveCount(optimizer.parameters().Count());
    }

}
