using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement.Optimizers;

public sealed class OptimizerStatesTests
{
    public static TheoryData<string> Kinds => [.. OptimizerKinds.Names];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_AnyOptimizer_GivesWhatTheOptimizerItselfMakes(string kind)
    {
        using var weight = new Parameter(rand(3, 4));
        using var optimizer = OptimizerKinds.Make(kind, [weight]);
        var made = StateBytes.Write(OptimizerStates.Of(optimizer, weight)!.SaveStateDict);
        Step(optimizer, weight);
        var stepped = OptimizerStates.Of(optimizer, weight)!;
        StateBytes.Write(stepped.SaveStateDict).Should().NotEqual(made);

        var detached = OptimizerDetachment.Remove(optimizer, weight)!;
        var group = detached.Groups.Single();
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var fresh = OptimizerStates.Create(optimizer, group, weight);
        StateBytes.Write(fresh.SaveStateDict).Should().Equal(made);
        (fresh as IDisposable)?.Dispose();

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
        TorchSharpInternals.Groups(optimizer).Should().ContainSingle();
        TorchSharpInternals.State(optimizer).Count.Should().Be(0, "the optimizer is left as it was");
        detached.Dispose();
    }

    [Fact]
    public void Create_GroupWithOptionsOfItsOwn_GoesByThem()
    {
        using var first = new Parameter(rand(2));
        using var second = new Parameter(rand(3, 4));
        using var optimizer = optim.Adam([new Adam.ParamGroup([first]), new Adam.ParamGroup([second], lr: 0.3, amsgrad: true)], 0.001);
        var detached = OptimizerDetachment.Remove(optimizer, second)!;
        var state = (Adam.State)OptimizerStates.Create(optimizer, detached.Groups.Single(), second);
        state.max_exp_avg_sq.shape.Should().Equal([3, 4], "the group asks for amsgrad, the optimizer's defaults do not");
        detached.Groups.Single().LearningRate.Should().Be(0.3);
        state.Dispose();
        detached.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void IsDisposed_AnyOptimizer_IsSeen(string kind)
    {
        foreach (var steps in new[] { 0, 1 })
        {
            using var weight = new Parameter(rand(3, 4));
            var optimizer = OptimizerKinds.Make(kind, new[] { weight }.Where(_ => true));
            if (steps > 0)
                Step(optimizer, weight);
            OptimizerStates.IsDisposed(optimizer).Should().BeFalse();
            optimizer.Dispose();
            OptimizerStates.IsDisposed(optimizer).Should().BeTrue();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void IsDead_ModelMovedToAnotherType_IsSeenForAListAndForALazyList(string kind)
    {
        foreach (var lazy in new[] { true, false })
        {
            using var model = nn.Linear(3, 4);
            using var optimizer = OptimizerKinds.Make(kind, lazy ? model.parameters() : model.parameters().ToList());
            OptimizerStates.IsUnusable(optimizer).Should().BeFalse();
            model.to(float64);
            OptimizerStates.IsUnusable(optimizer).Should().BeTrue();
        }
    }

    private static void Step(OptimizerHelper optimizer, Parameter weight)
    {
        using var scope = NewDisposeScope();
        weight.square().sum().backward();
        optimizer.step();
    }
}
