using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement;

/// <summary>Weights that more than one layer uses, seen by where their numbers lie.</summary>
public sealed class LayerTargetTests
{
    public static TheoryData<string> Uses => [.. SharedWeights.All.Keys];

    [Theory]
    [MemberData(nameof(Uses))]
    public void Obstacle_WeightUsedElsewhere_NamesThePlace(string use)
    {
        var (make, where) = SharedWeights.All[use];
        using var model = make();
        var target = LayerTarget.All(model).Single(one => one.Name == "hidden");
        target.Obstacle.Should().Contain(where);
        target.WhyNotAlone([]).Should().Be(target.Obstacle);
        LayerTarget.All(model).Single(one => one.Name == "head").Obstacle.Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void ApplyEtf_WeightUsedElsewhere_IsRefusedAndNothingChanges(string use)
    {
        using var model = SharedWeights.All[use].Make();
        var before = TrainingReading.Weights(model);
        ((Action)(() => model.ApplyEtf(EtfFrame.Identity, "head", "hidden"))).Should().Throw<ArgumentException>()
            .WithMessage("*'hidden'*used by*");
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
        TrainingReading.Weights(model).Should().Equal(before);
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void ApplyAdaptiveEtf_WeightUsedElsewhere_IsSkippedAndKeepsTraining(string use)
    {
        using var data = new Blobs();
        using var model = SharedWeights.All[use].Make();
        using var optimizer = optim.SGD(model.parameters(), 0.02, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager, optimizer);
        etf.Report.Skipped.Should().Contain(layer => layer.Name == "hidden" && layer.Reason.Contains("used by"));
        TrainingLoop.UntilFixed(model, optimizer, data, etf, "head");
        var weight = LayerTarget.All(model).Single(one => one.Name == "hidden").Fixable.Weight;
        weight.shape.Should().Equal(16, 16);
        var before = weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, data, etf);
        weight.data<float>().ToArray().Should().NotEqual(before);
    }

    [Fact]
    public void ApplyAdaptiveEtf_LayersThatShareAWeight_AreSkippedWithTheReason()
    {
        using var model = SharedWeights.TwoLayers(linearField: false);
        using var etf = model.ApplyAdaptiveEtf(0.4);
        etf.Report.Skipped.Select(layer => layer.Name).Should().Equal("hidden", "again");
        etf.Report.Skipped[0].Reason.Should().Contain("'again'").And.Contain("ApplyEtf");
        (etf.Report.ParametersInReach + etf.Report.ParametersOutOfReach).Should()
            .Be(model.parameters().Sum(parameter => parameter.NumberOfElements));
        etf.Report.ParametersInReach.Should().Be(16 * 4);
    }

    /// <summary>Together or not at all; where one can only be fixed in place, both are.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void ApplyEtf_LayersThatShareAWeight_AreFixedTogether(bool linearField, bool lazy)
    {
        using var data = new Blobs();
        using var model = SharedWeights.TwoLayers(linearField);
        using var optimizer = optim.Adam(lazy ? model.parameters() : model.parameters().ToList(), 0.005);
        TrainingLoop.Epoch(model, optimizer, data);
        ((Action)(() => model.ApplyEtf(EtfFrame.Identity, ["hidden"], [optimizer]))).Should().Throw<ArgumentException>()
            .WithMessage("*'again'*name both*");
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();

        var made = model.ApplyEtf(EtfFrame.Random(3), ["hidden", "again"], [optimizer]);
        made.Should().HaveCount(2).And.OnlyContain(layer => layer.InPlace == linearField);
        TrainingLoop.Epoch(model, optimizer, data);
        optimizer.parameters().Should().HaveCount(4, "two biases and the head");
        var plan = EtfPlan.Of(model);
        using var fresh = SharedWeights.TwoLayers(linearField);
        plan.Apply(fresh);
        EtfPlan.Of(fresh).ToJson().Should().Be(plan.ToJson());

        using var other = SharedWeights.TwoLayers(linearField);
        var half = EtfPlan.Parse(plan.ToJson().Replace("\"again\"", "\"head\"", StringComparison.Ordinal));
        ((Action)(() => half.Apply(other))).Should().Throw<ArgumentException>();
        EtfPlan.Of(other).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void WhyNot_OptimizerTrainsTheSameNumbersUnderAnotherObject_SaysSo()
    {
        using var model = Shapes.Make("ModuleField");
        var target = LayerTarget.All(model)[0];
        using var outside = new Parameter(target.Fixable.Weight.detach());
        using var optimizer = optim.SGD([outside], 0.1);
        target.WhyNot([optimizer]).Should().Contain("outside the model").And.Contain("SGD");
        using var own = optim.SGD(model.parameters(), 0.1);
        target.WhyNot([own]).Should().BeNull();
    }

    [Fact]
    public void BiasIsBound_SharedOrFrozenBias_IsTrue()
    {
        using var model = SharedWeights.SharedBias();
        LayerTarget.All(model).Where(target => target.BiasIsBound).Select(target => target.Name).Should().Equal("hidden", "again");
        using var frozen = Shapes.Make("ModuleField");
        var target = LayerTarget.All(frozen)[0];
        target.BiasIsBound.Should().BeFalse();
        target.Fixable.Bias!.requires_grad_(false);
        LayerTarget.All(frozen)[0].BiasIsBound.Should().BeTrue();
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Int64)]
    public void TensorStorage_ViewsOfAnyType_ShareTheAddress(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var tensor = zeros(3, 4, dtype: dtype);
        TensorStorage.Address(tensor.t()).Should().Be(TensorStorage.Address(tensor));
        TensorStorage.Address(tensor[2]).Should().Be(TensorStorage.Address(tensor));
        TensorStorage.Address(tensor.clone()).Should().NotBe(TensorStorage.Address(tensor));
        TensorStorage.IsSame(tensor, tensor.alias()).Should().BeTrue();
        TensorStorage.IsSame(tensor, tensor.t()).Should().BeFalse();
        TensorStorage.IsSame(tensor[0], tensor[1]).Should().BeFalse();
        TensorStorage.Address(empty(0, dtype: dtype)).Should().Be(IntPtr.Zero);
        TensorStorage.Address(eye(3).to_sparse()).Should().Be(IntPtr.Zero);
        tensor.Dispose();
        TensorStorage.Address(tensor).Should().Be(IntPtr.Zero);
    }
}
