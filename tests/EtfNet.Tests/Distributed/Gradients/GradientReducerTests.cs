using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Distributed;

public sealed class GradientReducerTests
{
    private static readonly long[][] s_shapes = [[3, 4], [], [7], [0, 2], [2, 3, 2]];

    public static TheoryData<int, ScalarType, long> Cases => new()
    {
        { 1, ScalarType.Float32, GradientReducer.DefaultBucketBytes }, { 2, ScalarType.Float32, 8 },
        { 3, ScalarType.Float32, 20 }, { 4, ScalarType.Float32, 64 },
        { 2, ScalarType.Float64, GradientReducer.DefaultBucketBytes }, { 3, ScalarType.Float64, 8 }, { 4, ScalarType.Float64, 100 },
        { 3, ScalarType.Float16, 24 }, { 2, ScalarType.BFloat16, 1 << 20 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reduce_AnyTypeAndBuckets_GivesTheMean(int size, ScalarType type, long bucketBytes) => Run(size, group =>
    {
        using var reducer = new GradientReducer(group, bucketBytes);
        for (var step = 0; step < 2; step++)
        {
            var parameters = Parameters(type, rank => Gradients(step, rank, type), group.Rank);
            var reduction = reducer.Reduce(parameters);

            var numbers = s_shapes.Sum(shape => shape.Aggregate(1L, (product, length) => product * length));
            var width = type == ScalarType.Float64 ? 8 : 4;
            var buckets = (int)Math.Ceiling(numbers / (double)(bucketBytes / width));
            reduction.Should().BeEquivalentTo(new GradientReduction(s_shapes.Length, buckets, numbers * width, []));
            RequireMean(parameters, size, type, rank => Gradients(step, rank, type), _ => 1);
        }
    });

    [Fact]
    public void Reduce_Weights_GiveTheWeightedMean_AndAWeightOfZeroCountsForNothing()
    {
        Run(3, group =>
        {
            using var reducer = new GradientReducer(group);
            double Weight(int rank) => rank == 1 ? 0 : 1 + (5 * rank);
            var parameters = Parameters(ScalarType.Float64, rank => Gradients(0, rank, ScalarType.Float64), group.Rank);
            if (group.Rank == 1)
                parameters[0].Parameter.grad!.fill_(double.NaN);
            reducer.Reduce(parameters, Weight(group.Rank));
            RequireMean(parameters, 3, ScalarType.Float64, rank => Gradients(0, rank, ScalarType.Float64), Weight);
        });
    }

    [Fact]
    public void Reduce_NoGradientOnSomeRanks_CountsAsZero_OnAllStaysNull() => Run(3, group =>
    {
        using var reducer = new GradientReducer(group, 32);
        var parameters = Parameters(ScalarType.Float32, rank => Given(rank), group.Rank);
        var reduction = reducer.Reduce(parameters);

        parameters[2].Parameter.grad.Should().BeNull();
        reduction.Unused.Should().Equal("p2");
        reduction.Parameters.Should().Be(4);
        reduction.Bytes.Should().Be(4 * (12 + 1 + 12));
        parameters.RemoveAt(2);
        RequireMean(parameters, 3, ScalarType.Float32, rank => [.. Given(rank).Where((_, index) => index != 2)], _ => 1);

        // The first parameter is used by rank 1 only, the third by none.
        static List<Tensor?> Given(int rank) =>
        [
            .. Gradients(0, rank, ScalarType.Float32)
                .Select((gradient, index) => index == 2 || (index == 0 && rank != 1) ? null : gradient),
        ];
    });

    [Fact]
    public void Reduce_FrozenParameters_AreNotExchanged() => Run(2, group =>
    {
        using var reducer = new GradientReducer(group);
        var parameters = Parameters(ScalarType.Float32, rank => Gradients(0, rank, ScalarType.Float32), group.Rank);
        var all = reducer.Reduce(parameters).Bytes;
        parameters[0].Parameter.requires_grad_(false);
        parameters[0].Parameter.grad!.fill_(group.Rank);
        reducer.Reduce(parameters).Bytes.Should().Be(all - (12 * 4));
        parameters[0].Parameter.grad!.max().item<float>().Should().Be(group.Rank);
    });

    [Fact]
    public void Reduce_GradientInAnotherLayout_IsAveragedInPlace() => Run(2, group =>
    {
        using var reducer = new GradientReducer(group, 16);
        var parameter = new Parameter(zeros(3, 4));
        var columns = (arange(12, dtype: ScalarType.Float32).view(4, 3) * (group.Rank + 1)).t();
        parameter.grad = columns;
        parameter.grad.is_contiguous().Should().BeFalse();
        reducer.Reduce([("p", parameter)]);
        Sample.Max(parameter.grad - (arange(12, dtype: ScalarType.Float32).view(4, 3).t() * 1.5)).Should().Be(0);
    });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Reduce_Training_EqualsOneProcessOnWholeBatches(int size)
    {
        using var whole = RankModel.Create();
        RankModel.Train(whole, 0, 1, 40, () => { });
        Run(size, group =>
        {
            using var model = RankModel.Create();
            using var reducer = new GradientReducer(group, 256);
            RankModel.Train(model, group.Rank, size, 40, () => reducer.Reduce(RankModel.Named(model)));
            RankAgreement.Require(group, RankModel.Named(model), "parameters");
            RankModel.Distance(model, whole).Should().BeLessThan(1e-9);
        });
    }

    [Fact]
    public void Reduce_ManySteps_KeepNoTensors() => Run(2, group =>
    {
        using var model = RankModel.Create();
        using var reducer = new GradientReducer(group);
        RankModel.Train(model, group.Rank, 2, 2, () => reducer.Reduce(RankModel.Named(model)));
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        RankModel.Train(model, group.Rank, 2, 20, () => reducer.Reduce(RankModel.Named(model)));
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
    });

    private static void Run(int size, Action<ICollective> body) => InProcessCollective.Run(size, group =>
    {
        using var scope = NewDisposeScope();
        body(group);
    }).ShouldAllEnd();

    private static List<(string Name, Tensor Parameter)> Parameters(
        ScalarType type, Func<int, IReadOnlyList<Tensor?>> gradients, int rank) =>
    [
        .. gradients(rank).Select((gradient, index) =>
        {
            var parameter = new Parameter(zeros(s_shapes[index], dtype: type));
            if (gradient is not null)
                parameter.grad = gradient;
            return ($"p{index}", (Tensor)parameter);
        }),
    ];

    private static List<Tensor?> Gradients(int step, int rank, ScalarType type) =>
        [.. s_shapes.Select((shape, index) => (Tensor?)Sample.Normal((100 * step) + (10 * rank) + index, shape).to(type))];

    /// <summary>Compares with the weighted mean in float64.</summary>
    private static void RequireMean(
        List<(string Name, Tensor Parameter)> parameters, int size, ScalarType type,
        Func<int, IReadOnlyList<Tensor?>> gradients, Func<int, double> weight)
    {
        var epsilon = type switch { ScalarType.Float64 => 1e-15, ScalarType.Float32 => 1e-6, ScalarType.Float16 => 2e-3, _ => 2e-2 };
        for (var i = 0; i < parameters.Count; i++)
        {
            var gradient = parameters[i].Parameter.grad!;
            gradient.dtype.Should().Be(type);
            if (gradient.numel() == 0)
                continue;
            var mean = zeros(gradient.shape, dtype: float64);
            for (var rank = 0; rank < size; rank++)
                if (gradients(rank)[i] is { } one)
                    mean += one.to(float64) * weight(rank);
            mean /= Enumerable.Range(0, size).Sum(weight);
            Sample.Max(gradient.to(float64) - mean).Should().BeLessThan(epsilon * 10, parameters[i].Name);
        }
    }
}
