using EtfNet.Tests.Distributed;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Ranks;

/// <summary>Batch norms over ranks are those of one process that sees the whole batch.</summary>
public sealed class BatchNormSynchronizationTests
{
    public static TheoryData<int, long[], ScalarType, double?, bool, double> Shapes => new()
    {
        { 2, [12, 5], ScalarType.Float64, 0.1, true, 1e-11 },
        { 4, [17, 3], ScalarType.Float64, 0.3, false, 1e-11 },
        { 3, [11, 4, 5], ScalarType.Float64, null, true, 1e-11 },
        { 2, [5, 4, 3, 2], ScalarType.Float64, 0.1, true, 1e-11 },
        { 2, [6, 2, 3, 2, 2], ScalarType.Float64, 0.1, true, 1e-11 },
        { 2, [16, 6, 4, 4], ScalarType.Float32, 0.1, true, 2e-5 },
        { 2, [16, 6, 4, 4], ScalarType.BFloat16, 0.1, true, 4e-2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ForwardAndBackward_OfUnevenShares_EqualOneProcess(
        int size, long[] shape, ScalarType type, double? momentum, bool affine, double tolerance)
    {
        const int Steps = 3;
        using var scope = NewDisposeScope();
        using var whole = Norm(shape, type, momentum, affine);
        var (inputs, weights) = (Inputs(shape, type, Steps), Sample.Normal(99, shape).to(type));
        var expected = inputs.Select(input => Step(whole, input, weights)).ToList();

        InProcessCollective.Run(size, group =>
        {
            using var ownScope = NewDisposeScope();
            using var norm = Norm(shape, type, momentum, affine);
            using var synchronization = norm.SynchronizeBatchNorm(group);
            // The first rank takes what the others leave.
            var share = shape[0] / size;
            var (first, end) = (group.Rank == 0 ? 0 : shape[0] - (size - group.Rank) * share, shape[0] - (size - 1 - group.Rank) * share);
            for (var step = 0; step < Steps; step++)
            {
                var (output, input, parameters) = Step(norm, Rows(inputs[step]), Rows(weights));
                Distance(output, Rows(expected[step].Output)).Should().BeLessThan(tolerance);
                Distance(input, Rows(expected[step].Input)).Should().BeLessThan(tolerance);
                foreach (var (own, all) in parameters.Zip(expected[step].Parameters))
                {
                    double[] sum = [.. own.to(ScalarType.Float64).data<double>()];
                    group.Sum(sum);
                    Distance(tensor(sum), all).Should().BeLessThan(tolerance);
                }
            }

            if (type == ScalarType.Float64)
            {
                Sample.Max(norm.running_mean! - whole.running_mean!).Should().BeLessThan(tolerance);
                Sample.Max(norm.running_var! - whole.running_var!).Should().BeLessThan(tolerance);
            }

            Tensor Rows(Tensor all) => all.slice(0, first, end, 1);
        }).ShouldAllEnd();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Training_WithFixes_EqualsOneProcessOnWholeBatches(int size)
    {
        using var whole = new RankTraining(null, withNorm: true);
        var decided = whole.Train(6);
        decided.Should().Contain(names => names.Length > 0);
        var expected = whole.Values();

        InProcessCollective.Run(size, group =>
        {
            using var training = new RankTraining(group, withNorm: true);
            using var synchronization = training.Model.SynchronizeBatchNorm(group);
            training.Train(6).Should().Equal(decided);
            training.Values().Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(1e-9);
        }).ShouldAllEnd();
    }

    /// <summary>Means of losses over uneven shares, down to one row and none, reduced with the rows as weights.</summary>
    [Theory]
    [InlineData(10, 20)]
    [InlineData(2, 20)]
    [InlineData(19, 20)]
    [InlineData(20, 20)]
    [InlineData(1, 2)]
    public void MeansOfUnevenShares_WeightedBySamples_EqualOneProcess(int cut, int rows)
    {
        using var scope = NewDisposeScope();
        var input = Sample.Normal(3, rows, 5) * 2 + 1;
        using var whole = Model();
        whole.call(input).pow(3).mean().backward();

        InProcessCollective.Run(2, group =>
        {
            using var ownScope = NewDisposeScope();
            using var model = Model();
            using var synchronization = model.SynchronizeBatchNorm(group, weightedBySamples: true);
            using var optimizer = optim.SGD(model.parameters(), 0.1);
            using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Collective = group }, optimizer);
            var (start, end) = group.Rank == 0 ? (0, cut) : (cut, rows);
            var cubes = model.call(input.slice(0, start, end, 1)).pow(3);
            (end > start ? cubes.mean() : cubes.sum()).backward();
            etf.ReduceGradients(end - start);
            foreach (var (own, all) in model.parameters().Zip(whole.parameters()))
                Distance(own.grad!, all.grad!).Should().BeLessThan(1e-9);
            foreach (var (own, all) in model.named_buffers().Zip(whole.named_buffers()).Where(pair => pair.First.name.Contains("run")))
                Distance(own.buffer, all.buffer).Should().BeLessThan(1e-9);
        }).ShouldAllEnd();

        static nn.Module<Tensor, Tensor> Model()
        {
            var model = nn.Sequential(
                ("fc", nn.Linear(5, 5, dtype: float64)), ("norm", nn.BatchNorm1d(5, dtype: float64)),
                ("head", nn.Linear(5, 5, dtype: float64)));
            using var noGrad = no_grad();
            foreach (var (parameter, seed) in model.parameters().Select((parameter, index) => (parameter, index)))
                parameter.copy_(Sample.Normal(50 + seed, parameter.shape));
            return model;
        }
    }

    [Fact]
    public void Reduce_UnequalWeights_OfNormsForEqualOnes_SaysWhatToSet() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("fc", nn.Linear(3, 3)), ("norm", nn.BatchNorm1d(3)), ("head", nn.Linear(3, 3)));
        using var synchronization = model.SynchronizeBatchNorm(group);
        using var optimizer = optim.SGD(model.parameters(), 0.1);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Collective = group }, optimizer);
        model.call(ones(4, 3)).sum().backward();
        FluentActions.Invoking(() => etf.ReduceGradients(4 + group.Rank)).Should().Throw<InvalidOperationException>()
            .WithMessage("*weights differ*weightedBySamples: true*");
        etf.ReduceGradients(4).Parameters.Should().BeGreaterThan(0);
    }).ShouldAllEnd();

    [Fact]
    public void Forward_InEvaluationMode_ExchangesNothing() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var norm = nn.BatchNorm1d(3, dtype: float64);
        using var synchronization = norm.SynchronizeBatchNorm(group);
        norm.eval();
        if (group.Rank == 0)
            Sample.Max(norm.call(ones(4, 3, dtype: float64)) - ones(4, 3, dtype: float64)).Should().BeLessThan(1e-4);
        group.Barrier();
    }).ShouldAllEnd();

    [Fact]
    public void Dispose_LetsEachRankSeeItsOwnShareAgain() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("fc", nn.Linear(3, 3, dtype: float64)), ("norm", nn.BatchNorm1d(3, dtype: float64)));
        var synchronization = model.SynchronizeBatchNorm(group);
        synchronization.Names.Should().Equal("norm");
        synchronization.Dispose();
        synchronization.Names.Should().BeEmpty();
        if (group.Rank == 0)
            model.call(Sample.Normal(1, 4, 3)).mean([0]).abs().max().item<double>().Should().BeLessThan(1e-10);
        group.Barrier();
        model.SynchronizeBatchNorm(group).Dispose();
    }).ShouldAllEnd();

    [Fact]
    public void Hooks_SeeTheSynchronizedOutput() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var norm = nn.BatchNorm1d(3, dtype: float64);
        Tensor? seen = null;
        norm.register_forward_hook((_, _, output) => seen = output);
        using var synchronization = norm.SynchronizeBatchNorm(group);
        var result = norm.call(Sample.Normal(group.Rank, 4, 3));
        seen.Should().BeSameAs(result);
        result.mean([0]).abs().max().item<double>().Should().BeGreaterThan(1e-3, "only the mean over both ranks is zero");
    }).ShouldAllEnd();

    [Fact]
    public void Synchronize_Twice_Throws() => InProcessCollective.Run(2, group =>
    {
        using var model = nn.Sequential(("norm", nn.BatchNorm1d(3, dtype: float64)));
        using var synchronization = model.SynchronizeBatchNorm(group);
        FluentActions.Invoking(() => model.SynchronizeBatchNorm(group)).Should().Throw<InvalidOperationException>()
            .WithMessage("*'norm'*already*");
    }).ShouldAllEnd();

    [Fact]
    public void Synchronize_OfDifferentModels_FailsOnAllRanks()
    {
        InProcessCollective.Run(2, group =>
        {
            using var model = nn.Sequential(("norm", nn.BatchNorm1d(3 + group.Rank, dtype: float64)));
            model.SynchronizeBatchNorm(group);
        }).Should().OnlyContain(exception => ((CollectiveException)exception!).Message.Contains("'norm' as 4"));
    }

    [Fact]
    public void Backward_WithoutARank_MakesGradientsNaNAndFailsTheNextCall() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var norm = nn.BatchNorm1d(3, dtype: float64);
        using var synchronization = norm.SynchronizeBatchNorm(group);
        var input = Sample.Normal(group.Rank, 4, 3).requires_grad_();
        var loss = norm.call(input).pow(3).sum();
        if (group.Rank == 1)
            return;
        loss.backward();
        input.grad!.isnan().any().item<bool>().Should().BeTrue();
        FluentActions.Invoking(() => group.Barrier()).Should().Throw<CollectiveException>();
        FluentActions.Invoking(() => norm.call(input)).Should().Throw<InvalidOperationException>();
    }).ShouldAllEnd();

    [Fact]
    public void Steps_LeaveNoTensors() => InProcessCollective.Run(2, group =>
    {
        using var norm = nn.BatchNorm1d(3, dtype: float64);
        using var synchronization = norm.SynchronizeBatchNorm(group);
        Run();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (var step = 0; step < 5; step++)
            Run();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().BeLessThanOrEqualTo(before);

        void Run()
        {
            using var scope = NewDisposeScope();
            Step(norm, Sample.Normal(group.Rank, 4, 3), ones(4, 3, dtype: float64));
        }
    }).ShouldAllEnd();

    private static BatchNorm Norm(long[] shape, ScalarType type, double? momentum, bool affine)
    {
        BatchNorm norm = shape.Length switch
        {
            2 or 3 => nn.BatchNorm1d(shape[1], affine: affine, dtype: type),
            4 => nn.BatchNorm2d(shape[1], affine: affine, dtype: type),
            _ => nn.BatchNorm3d(shape[1], affine: affine, dtype: type),
        };
        norm.momentum = momentum;
        using var noGrad = no_grad();
        if (affine)
        {
            norm.weight.copy_(Sample.Normal(5, shape[1]));
            norm.bias!.copy_(Sample.Normal(6, shape[1]));
        }

        return norm;
    }

    /// <summary>The greatest difference, in units of the greatest value.</summary>
    private static double Distance(Tensor actual, Tensor expected) => Sample.Max(actual - expected) / Math.Max(1, Sample.Max(expected));

    private static List<Tensor> Inputs(long[] shape, ScalarType type, int count) =>
        [.. Enumerable.Range(0, count).Select(step => (Sample.Normal(step, shape) * 2 + 3).to(type))];

    /// <summary>A forward and backward pass, and what comes of it.</summary>
    private static (Tensor Output, Tensor Input, List<Tensor> Parameters) Step(BatchNorm norm, Tensor input, Tensor weights)
    {
        norm.zero_grad();
        var x = input.detach().clone().requires_grad_();
        var output = norm.call(x);
        (output * output * weights).sum().backward();
        return (output.detach(), x.grad!, [.. norm.parameters().Select(parameter => parameter.grad!.detach().clone())]);
    }
}
