using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Distributed;

public sealed class TensorBroadcastTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    [InlineData(1, 0)]
    public void Run_TensorsOfAllTypes_HaveTheRootsValues(int size, int root) => InProcessCollective.Run(size, group =>
    {
        using var scope = NewDisposeScope();
        var own = Tensors(group.Rank);
        TensorBroadcast.Run(group, own, "tensors", root);
        foreach (var ((name, tensor), (_, wanted)) in own.Zip(Tensors(root)))
            TensorFingerprint.Of(name, tensor).Should().Be(TensorFingerprint.Of(name, wanted));
    }).ShouldAllEnd();

    [Fact]
    public void Run_MoreThanABucket_IsCutBetweenNumbers() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        // 40 MB behind three bytes.
        var big = full(5_000_001, group.Rank + 0.5, dtype: ScalarType.Float64);
        TensorBroadcast.Run(group, [("flags", ones(3, dtype: ScalarType.Bool)), ("big", big)], "tensors");
        big.eq(0.5).all().item<bool>().Should().BeTrue();
    }).ShouldAllEnd();

    [Fact]
    public void Run_OtherShapes_ThrowsAndChangesNothing() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        var first = full(2, (float)group.Rank);
        List<(string, Tensor)> own = [("a", first), ("b", zeros(group.Rank + 1))];
        FluentActions.Invoking(() => TensorBroadcast.Run(group, own, "buffers")).Should().Throw<CollectiveException>()
            .WithMessage("*'b' as Float32 (1)*'b' as Float32 (2)*");
        first.sum().item<float>().Should().Be(2 * group.Rank);
    }).ShouldAllEnd();

    private static List<(string Name, Tensor Tensor)> Tensors(int rank)
    {
        var values = Sample.Normal(rank, 3, 5);
        return
        [
            ("flag", values[0, 0] > 0), ("flags", values[0] > 0), ("double", values), ("half", values.to(ScalarType.Float16)),
            ("transposed", values.to(ScalarType.Float32).t()), ("count", (values[1] * 100).to(ScalarType.Int64)),
            ("parameter", new TorchSharp.Modules.Parameter(values.to(ScalarType.BFloat16))), ("empty", zeros(0)),
        ];
    }
}
