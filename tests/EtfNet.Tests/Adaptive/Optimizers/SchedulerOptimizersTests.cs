using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Optimizers;

/// <summary>Optimizers that come, go and are disposed while layers are fixed and come back.</summary>
public sealed class SchedulerOptimizersTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = TrainingLoop.Eager with { MaxPerEpoch = 4 };

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
        TrainingReading.RequireTraining(_model, second, _data);
    }

    [Theory]
    [MemberData(nameof(Fates))]
    public void Guard_OptimizerMadeAfterTheFix_GetsTheWeightBack(bool lazy, Fate fate)
    {
        var first = optim.Adam(_model.parameters(), 0.005);
        var guarded = Eager with { Include = ["hidden"], Guard = new FixGuardOptions { GraceEpochs = 2 } };
        using var etf = _model.ApplyAdaptiveEtf(guarded, first);
        for (var epoch = 0; etf.Report.FixedLayers.Count == 0; epoch++)
        {
            epoch.Should().BeLessThan(12);
            TrainingLoop.Epoch(_model, first, _data, etf);
            etf.EndEpochWithLoss(0.1);
        }

        using var second = optim.SGD(Parameters(lazy), 0.05, momentum: 0.9);
        etf.AddOptimizer(second);
        Leave(etf, first, fate);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            TrainingLoop.Epoch(_model, second, _data, etf);
            etf.EndEpochWithLoss(5);
        }

        etf.Report.Reverted.Should().Equal("hidden");
        TrainingReading.RequireTraining(_model, second, _data);
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
        TrainingReading.RequireTraining(_model, second, _data);

        etf.Restore(half);
        TrainingReading.Weights(_model).Should().Equal(fixedWeights);
        TrainingReading.Names(second, _model).Should().NotContain("0:hidden.weight");
        TrainingReading.RequireTraining(_model, second, _data);
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
        TrainingReading.RequireTraining(_model, second, _data);
        TrainingLoop.Epoch(_model, second, _data, etf);
        etf.EndEpoch().Layers.Single(layer => layer.Name == "hidden").Note.Should().NotContain("AddOptimizer");
    }

    [Fact]
    public void AddOptimizer_LazyOptimizerAfterTheRevert_GetsTheMissingState()
    {
        using var first = optim.Adam(_model.parameters(), 0.005);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, first);
        TrainingLoop.UntilFixed(_model, first, _data, etf, "hidden");
        using var second = optim.Adam(_model.parameters(), 0.005);
        etf.Revert("hidden");
        ((Action)(() => TrainingLoop.Epoch(_model, second, _data, etf))).Should()
            .Throw<KeyNotFoundException>("it was not told of, as Revert's documentation says");
        etf.AddOptimizer(second);
        TrainingReading.RequireTraining(_model, second, _data);
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
}
