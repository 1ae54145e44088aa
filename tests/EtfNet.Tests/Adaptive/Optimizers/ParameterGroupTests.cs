using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Optimizers;

/// <summary>Parameters in several groups, several times, in several optimizers, or in none.</summary>
public sealed class ParameterGroupTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = TrainingLoop.Eager with { MaxPerEpoch = 4 };

    private readonly Blobs _data = new();
    private readonly nn.Module<Tensor, Tensor> _model = Shapes.Make("ModuleField");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fix_ParameterListedTwice_LeavesBothPlacesAndReturnsToThem(bool twoGroups)
    {
        var hidden = (Linear)Module("hidden");
        var all = _model.parameters().ToList();
        using var optimizer = twoGroups
            ? optim.Adam([new Adam.ParamGroup(all), new Adam.ParamGroup([hidden.bias!, hidden.weight], amsgrad: true)], 0.005)
            : optim.Adam(all.Concat(hidden.parameters()).ToList(), 0.005);
        var before = TrainingReading.Names(optimizer, _model);
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, optimizer);
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "hidden");
        TrainingReading.Names(optimizer, _model).Should()
            .Equal(before.Where(name => !name.EndsWith("hidden.weight", StringComparison.Ordinal)));
        TrainingLoop.Epoch(_model, optimizer, _data, etf);
        var snapshot = etf.Snapshot();
        etf.Revert("hidden");
        TrainingReading.Names(optimizer, _model).Should().Equal(before);
        TrainingReading.RequireTraining(_model, optimizer, _data);
        etf.Restore(snapshot);
        TrainingLoop.Epoch(_model, optimizer, _data, etf);
    }

    [Fact]
    public void Revert_GroupsWithOptionsOfTheirOwn_GiveTheirOwnStateInTheOldOrder()
    {
        using var model = nn.Sequential(
            ("a", nn.Linear(16, 16)), ("r1", nn.ReLU()), ("b", nn.Linear(16, 16)), ("r2", nn.ReLU()), ("c", nn.Linear(16, 16)),
            ("r3", nn.ReLU()), ("head", nn.Linear(16, 4)));
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
                (((Adam.State)OptimizerStates.Of(optimizer, parameter)!).max_exp_avg_sq is not null).Should()
                    .Be(name is "a.weight" or "c.weight" or "head.weight", name);
            TrainingLoop.Epoch(model, optimizer, _data, etf);
        }

        optimizer.ParamGroups.Select(group => group.LearningRate).Should().Equal(0.003, 0.006);
    }

    [Fact]
    public void Revert_WeightsAndBiasesInTwoOptimizers_EachKeepsItsOwn()
    {
        using var weights = optim.SGD(Named("weight"), 0.05, weight_decay: 1e-3);
        using var biases = optim.SGD(Named("bias"), 0.05);
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
        using var optimizer = optim.Adam(Module("head").parameters().ToList(), 0.02);
        using var etf = _model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "head", most: 25);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(_model, optimizer, _data, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        etf.Report.Layers.Single(layer => layer.Name == "hidden").Decision.Reason.Should().Be(LayerReason.NotTrained);
        optimizer.add_param_group(new Adam.ParamGroup(Module("hidden").parameters().ToList()));
        TrainingLoop.UntilFixed(_model, optimizer, _data, etf, "hidden", most: 25);
    }

    public void Dispose()
    {
        _model.Dispose();
        _data.Dispose();
    }

    private List<Parameter> Named(string end) =>
        [.. _model.named_parameters().Where(entry => entry.name.EndsWith(end, StringComparison.Ordinal)).Select(entry => entry.parameter)];

    private nn.Module Module(string name) => ModuleTree.Walk(_model).Single(node => node.Path == name).Module;
}
