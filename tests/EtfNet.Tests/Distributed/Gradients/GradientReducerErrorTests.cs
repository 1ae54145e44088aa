using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Distributed;

public sealed class GradientReducerErrorTests
{
    [Fact]
    public void Reduce_AnotherShapeOnOneRank_NamesIt_AndChangesNoGradient() => RequireDifference(
        (rank, parameters) => parameters[1] = rank == 1 ? New("b", 5) : parameters[1],
        "ranks 0 and 2 have 'b' as Float32 (3); rank 1 has 'b' as Float32 (5)");

    [Fact]
    public void Reduce_AnotherTypeOnOneRank_NamesIt() => RequireDifference(
        (rank, parameters) => parameters[1] = rank == 1 ? New("b", 3, float64) : parameters[1],
        "ranks 0 and 2 have 'b' as Float32 (3); rank 1 has 'b' as Float64 (3)");

    [Fact]
    public void Reduce_AParameterFrozenOnOneRank_NamesIt() => RequireDifference(
        (rank, parameters) => parameters[0].Parameter.requires_grad_(rank != 1),
        "ranks 0 and 2 have 'a' as number 1; rank 1 has 'b' as number 1");

    [Fact]
    public void Reduce_OtherBucketSizes_Fail() => Ended((group, parameters) =>
    {
        using var reducer = new GradientReducer(group, 8 * (group.Rank + 1));
        reducer.Reduce(parameters);
    }).ShouldAllFail(CollectiveError.CallsDiffer, 1, 2);

    [Fact]
    public void Reduce_OneStepFewerOnOneRank_Fails() => InProcessCollective.Run(3, group =>
    {
        using var scope = NewDisposeScope();
        using var reducer = new GradientReducer(group);
        for (var step = 0; step < (group.Rank == 2 ? 3 : 4); step++)
            reducer.Reduce([New("a", 2)]);
    }).Take(2).ShouldAllFail(CollectiveError.RankLeft, 2);

    [Fact]
    public void Reduce_NoWeightAtAll_Throws() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var reducer = new GradientReducer(group);
        var parameter = New("a", 2);
        FluentActions.Invoking(() => reducer.Reduce([parameter], weight: 0)).Should().Throw<InvalidOperationException>()
            .WithMessage("*weights of all ranks are 0*");
        parameter.Parameter.grad!.sum().item<float>().Should().Be(2);
    }).ShouldAllEnd();

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Reduce_InvalidWeight_Throws(double weight)
    {
        using var reducer = new GradientReducer(InProcessCollective.Create(1)[0]);
        FluentActions.Invoking(() => reducer.Reduce([], weight)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(7)]
    [InlineData((1L << 30) + 1)]
    public void Constructor_BucketSizeOutOfRange_Throws(long bytes) =>
        FluentActions.Invoking(() => new GradientReducer(InProcessCollective.Create(1)[0], bytes))
            .Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Reduce_SparseGradient_ThrowsAndNamesIt()
    {
        using var scope = NewDisposeScope();
        using var reducer = new GradientReducer(InProcessCollective.Create(1)[0]);
        var embedding = nn.Embedding(10, 3, sparse: true);
        embedding.call(tensor(new long[] { 1, 2 })).sum().backward();
        FluentActions.Invoking(() => reducer.Reduce([("words.weight", embedding.parameters().Single())]))
            .Should().Throw<NotSupportedException>().WithMessage("*'words.weight' is sparse*");
    }

    [Fact]
    public void Reduce_ComplexParameter_ThrowsAndNamesIt()
    {
        using var scope = NewDisposeScope();
        using var reducer = new GradientReducer(InProcessCollective.Create(1)[0]);
        FluentActions.Invoking(() => reducer.Reduce([("phase", new Parameter(zeros(2, dtype: complex64)))]))
            .Should().Throw<NotSupportedException>().WithMessage("*'phase' is ComplexFloat32*");
    }

    private static void RequireDifference(Action<int, List<(string Name, Tensor Parameter)>> change, string words) =>
        Ended((group, parameters) =>
        {
            using var reducer = new GradientReducer(group);
            change(group.Rank, parameters);
            try
            {
                reducer.Reduce(parameters);
            }
            finally
            {
                parameters.Should().OnlyContain(entry => entry.Parameter.grad!.eq(1).all().item<bool>());
            }
        }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should()
            .StartWith("The trainable parameters are not the same on all ranks: ").And.Contain(words);

    private static IReadOnlyList<Exception?> Ended(Action<ICollective, List<(string Name, Tensor Parameter)>> body) =>
        InProcessCollective.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            body(group, [New("a", 2), New("b", 3)]);
        });

    private static (string Name, Tensor Parameter) New(string name, long length, ScalarType type = ScalarType.Float32)
    {
        var parameter = new Parameter(zeros(length, dtype: type));
        parameter.grad = ones(length, dtype: type);
        return (name, parameter);
    }
}
