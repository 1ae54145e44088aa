using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class LimitsTests
{
    private static readonly MachineLimits s_limits = new(new BandwidthCurve([(1e3, 4e9), (1e5, 2e9)]), Gemm: 1e11, GemmDouble: 2e10);

    [Theory]
    [InlineData(10, 4e9)]
    [InlineData(1e3, 4e9)]
    [InlineData(1e4, 3e9)]
    [InlineData(1e5, 2e9)]
    [InlineData(1e9, 2e9)]
    public void At_AnyBytes_IsBetweenItsNeighbors(double bytes, double perSecond) => s_limits.Copy.At(bytes).Should().BeApproximately(perSecond, 1);

    [Fact]
    public void OfCopy_WorkAsFastAsTheCopy_IsOne()
    {
        // 1e6 bytes at 2e9 a second take half a millisecond.
        s_limits.OfCopy(new Cost(1e6, 0), 0.5).Should().BeApproximately(1, 1e-12);
        s_limits.OfCopy(new Cost(1e6, 0), 2).Should().BeApproximately(0.25, 1e-12);
        s_limits.OfCopy(new Cost(0, 1), 2).Should().BeNull();
    }

    [Fact]
    public void OfGemm_Float64_HasARateOfItsOwn()
    {
        s_limits.OfGemm(new Cost(0, 1e8), 1).Should().BeApproximately(1, 1e-12);
        s_limits.OfGemm(new Cost(0, 1e8, IsDouble: true), 5).Should().BeApproximately(1, 1e-12);
        s_limits.OfGemm(new Cost(1, 0), 1).Should().BeNull();
    }

    [Fact]
    public void ResidentMemory_Status_IsReadInBytes()
    {
        ResidentMemory.Parse(["Name:\tdotnet", "VmPeak:\t 9 kB", "VmHWM:\t  2048 kB", "VmRSS:\t 1 kB"]).Should().Be(2 << 20);
        ResidentMemory.Parse(["Name:\tdotnet"]).Should().BeNull();
    }

    [Fact]
    public void TensorBytes_ModuleAndTensor_CountsWeightsAndGradients()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var layer = TorchSharp.torch.nn.Linear(4, 3);
        var input = TorchSharp.torch.ones(2, 4);
        TensorBytes.Of([layer, input]).Should().Be(4 * (12 + 3 + 8));
        layer.call(input).sum().backward();
        TensorBytes.Of([layer, input]).Should().Be(4 * (12 + 3 + 12 + 3 + 8));
    }
}
