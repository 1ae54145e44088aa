using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

public sealed class RevertedCutTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Theory]
    [InlineData("SGD", true)]
    [InlineData("SGD", false)]
    [InlineData("Adam", true)]
    [InlineData("AdamW", false)]
    [InlineData("RMSProp", false)]
    [InlineData("Adagrad", true)]
    public void Revert_ThenTrainedFurther_EqualsATrainingThatWasNeverCut(string kind, bool lazy)
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs(128, noise: 1);
        var results = new[] { false, true }.Select(isCut =>
        {
            using var model = CutModels.Mlp();
            using var optimizer = OptimizerKinds.Make(kind, lazy ? model.parameters() : [.. model.parameters()]);
            TrainingLoop.Epoch(model, optimizer, data);
            var order = optimizer.parameters().Select(parameter => parameter.Handle).ToList();
            var cut = CutModels.Measure(model, data)["0"];
            if (isCut)
            {
                var truncation = model.TruncateEtf(cut, optimizer);
                truncation.Revert();
                truncation.CanRevert.Should().BeFalse();
                truncation.Head.Should().BeNull();
            }

            optimizer.parameters().Select(parameter => parameter.Handle).Should().Equal(order);
            TrainingLoop.Epoch(model, optimizer, data);
            return ModelBytes.Of(model);
        }).ToList();

        results[1].Should().Equal(results[0]);
    }

    [Fact]
    public void Revert_GroupsOfTheirOwn_EachParameterComesBackToItsGroup()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        using var optimizer = optim.AdamW(
        [
            new AdamW.ParamGroup([.. model.parameters().Where(parameter => parameter.dim() > 1)]),
            new AdamW.ParamGroup([.. model.parameters().Where(parameter => parameter.dim() == 1)]),
        ]);
        var groups = TorchSharpInternals.Groups(optimizer);
        var before = groups.Select(group => group.Parameters.Select(parameter => parameter.Handle).ToList()).ToList();

        var truncation = model.TruncateEtf(CutModels.Measure(model, data)["0"], optimizer);

        var head = (Linear)truncation.Head!;
        groups[0].Parameters.Last().Handle.Should().Be(head.weight!.Handle);
        groups[1].Parameters.Last().Handle.Should().Be(head.bias!.Handle);
        truncation.Revert();
        groups.Select(group => group.Parameters.Select(parameter => parameter.Handle)).Should()
            .BeEquivalentTo(before, options => options.WithStrictOrdering());
    }

    [Fact]
    public void Revert_OptimizerDisposedMeanwhile_TheTailComesBackWithoutIt()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        var optimizer = optim.Adam(model.parameters().ToList());
        TrainingLoop.Epoch(model, optimizer, data);
        var truncation = model.TruncateEtf(CutModels.Measure(model, data)["0"], optimizer);
        optimizer.Dispose();

        truncation.Revert();

        model.Count.Should().Be(8);
        using var fresh = optim.Adam(model.parameters());
        TrainingLoop.Epoch(model, fresh, data);
    }

    [Fact]
    public void Revert_ModelMovedMeanwhile_TheTailFollows()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        var truncation = model.TruncateEtf(CutModels.Measure(model, data)["0"]);
        model.to(float64);
        model.eval();

        truncation.Revert();

        model.call(data.Inputs.to(float64)).dtype.Should().Be(float64);
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == float64);
        ((nn.Module)model[7]).training.Should().BeFalse();
    }

    [Fact]
    public void Release_AfterACut_KeepsTheCutAndRefusesARevert()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        using var optimizer = optim.Adam(model.parameters());
        TrainingLoop.Epoch(model, optimizer, data);
        var weights = model.parameters().ToList();
        var truncation = model.TruncateEtf(CutModels.Measure(model, data)["0"], optimizer);

        truncation.Dispose();
        truncation.Dispose();

        truncation.CanRevert.Should().BeFalse();
        var revert = truncation.Revert;
        revert.Should().Throw<InvalidOperationException>().WithMessage("*'0'*released*");
        model.Count.Should().Be(4);
        // Whoever holds the old list clips and averages on.
        weights.Sum(weight => weight.norm().item<float>()).Should().BeGreaterThan(0);
        TrainingLoop.Epoch(model, optimizer, data);
    }

    [Fact]
    public void TruncateEtf_Again_OnlyTheLastCutCanBeReverted()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        using var optimizer = optim.Adam(model.parameters());
        var first = model.TruncateEtf(CutModels.Measure(model, data)["3"], optimizer);
        var second = model.TruncateEtf(CutModels.Measure(model, data)["0"], optimizer);

        var revert = first.Revert;
        revert.Should().Throw<InvalidOperationException>().WithMessage("*later cut*");
        second.Revert();
        model.Count.Should().Be(6);
        first.Revert();

        model.Count.Should().Be(8);
        optimizer.parameters().Should().HaveCount(10);
        EtfPlan.Of(model).CutNames.Should().BeEmpty();
    }

    [Fact]
    public void TruncateEtf_CutAndReverted_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        using var optimizer = optim.Adam(model.parameters().ToList());
        TrainingLoop.Epoch(model, optimizer, data);
        optimizer.zero_grad();
        var cut = CutModels.Measure(model, data)["0"];
        Round();
        var live = Live;

        Round();
        Live.Should().Be(live);
        var released = model.TruncateEtf(cut, optimizer);
        // Of the tail six parameters and their gradients and states go; a head of two with states comes.
        var cutLive = Live;
        released.Release();
        Live.Should().BeLessThan(cutLive, "the optimizer's state of the tail is freed");

        void Round() => model.TruncateEtf(cut, optimizer).Revert();
    }
}
