using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.LowRank;

/// <summary>A call that keeps the outer factor's panels against one that makes them anew.</summary>
public sealed class PanelStoreTests
{
    private const int Rank = 5;

    private readonly PanelStore _store = new();

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Fact]
    public void Apply_SameFactorAgain_KeepsItsPanelsAndChangesNoDigit()
    {
        using var scope = NewDisposeScope();
        foreach (var type in (ScalarType[])[float32, float64, bfloat16])
        {
            var (x, inner, outer) = Inputs(type);
            IsAsWithoutStore(x, inner, outer);
            var kept = Last(outer);
            IsAsWithoutStore(Sample.Normal(9, 3, 70).to(type), inner, outer);
            Last(outer).Should().BeSameAs(kept);
            // The same numbers elsewhere are the same factor.
            IsAsWithoutStore(x, inner, outer.clone());
            Last(outer).Should().BeSameAs(kept);
        }
    }

    [Fact]
    public void Apply_FactorWrittenInPlace_IsSeen()
    {
        using var scope = NewDisposeScope();
        var (x, inner, outer) = Inputs(float32);
        IsAsWithoutStore(x, inner, outer);
        outer.copy_(Sample.Normal(7, 96, 8));
        IsAsWithoutStore(x, inner, outer);
        // As a load from a stream writes: nothing of a tensor but its numbers tells of it.
        outer.bytes[^((8 - Rank + 1) * sizeof(float))] ^= 1;
        IsAsWithoutStore(x, inner, outer);
        outer.bytes[0] ^= 1;
        IsAsWithoutStore(x, inner, outer);
    }

    [Fact]
    public void Apply_OtherTypeRankStrideOrWidth_IsSeen()
    {
        using var scope = NewDisposeScope();
        var (x, inner, outer) = Inputs(float32);
        IsAsWithoutStore(x, inner, outer);
        IsAsWithoutStore(x, inner, outer, Rank - 1);
        IsAsWithoutStore(x, inner, outer.narrow(0, 0, 60));
        IsAsWithoutStore(x, inner, outer.narrow(1, 0, Rank).contiguous());
        IsAsWithoutStore(x, inner, outer.narrow(0, 0, 1).expand(96, 8));
        IsAsWithoutStore(x.to(float64), inner.to(float64), outer.to(float64));
        IsAsWithoutStore(x.to(bfloat16), inner.to(bfloat16), outer.to(bfloat16));
        // All bytes alike, whatever the type.
        IsAsWithoutStore(x, inner, zeros(96, 8));
        IsAsWithoutStore(x.to(float64), inner.to(float64), zeros(96, 8, dtype: float64));
        Widths.Each(_ => IsAsWithoutStore(x, inner, outer));
    }

    [Fact]
    public void Apply_NaNInTheFactor_IsKeptLikeAnyNumber()
    {
        using var scope = NewDisposeScope();
        var (x, inner, outer) = Inputs(float32);
        outer[3, 2] = double.NaN;
        LowRankPass.TryApply(x, inner, outer, Rank, 1, null, _store)!.isnan().sum().item<long>().Should().Be(x.shape[0]);
        LowRankPass.TryApply(x, inner, outer, Rank, 1, null, _store)!.isnan().sum().item<long>().Should().Be(x.shape[0]);
    }

    [Fact]
    public void Apply_NoRowsOrOneRow_Works()
    {
        using var scope = NewDisposeScope();
        var (x, inner, outer) = Inputs(float32);
        LowRankPass.TryApply(x.narrow(0, 0, 0), inner, outer, Rank, 1, null, _store)!.shape.Should().Equal(0, 96);
        IsAsWithoutStore(x.narrow(0, 0, 1), inner, outer);
    }

    [Fact]
    public void Takes_FactorOverFourMebibytes_IsFalse()
    {
        static bool Takes(long outputs, long stride, ScalarType? type = null) =>
            PanelStore.Takes(new LowRankJob { Outputs = outputs, OuterRow = stride, Rank = 8 }, type ?? float32);

        Takes(1 << 17, 8).Should().BeTrue();
        Takes((1 << 17) + 1, 8).Should().BeFalse();
        Takes(1 << 17, 8, float64).Should().BeFalse();
        Takes(1 << 18, 8, bfloat16).Should().BeTrue();
        Takes(4, 1 << 20).Should().BeFalse("rows of a view that lie far apart are no run of memory");
        Takes(4, 0).Should().BeTrue();
    }

    [Fact]
    public void Layer_StateLoadedAfterUse_AppliesIt()
    {
        using var scope = NewDisposeScope();
        using var first = Aligned(1);
        using var second = Aligned(2);
        var x = Sample.Normal(3, 12, 96).to(float32).requires_grad_(true);
        var before = Live;
        for (var i = 0; i < 3; i++)
        {
            using var inner = NewDisposeScope();
            var expected = second.call(x);
            expected.sum().backward();
            var gradient = x.grad!.clone();
            x.grad = null;
            first.call(x).sum().backward();
            x.grad = null;
            first.load_state_dict(second.state_dict());
            var y = first.call(x);
            y.sum().backward();
            Sample.Max((y - expected).detach()).Should().Be(0);
            Sample.Max(x.grad! - gradient).Should().Be(0);
            x.grad = null;
        }

        Live.Should().Be(before);
    }

    private static SimplexEtfLinear Aligned(int seed)
    {
        var weight = Sample.Normal(seed, 96, 96);
        return new SimplexEtfLinear(SimplexEtf.AlignedTo(weight, Sample.Normal(seed + 9, 200, 96), Rank));
    }

    private static (Tensor X, Tensor Inner, Tensor Outer) Inputs(ScalarType type) =>
        (Sample.Normal(1, 17, 70).to(type), Sample.Normal(2, 70, 8).to(type), Sample.Normal(3, 96, 8).to(type));

    private object Last(Tensor outer)
    {
        KernelTensor.TryRead(NativeTorch.Current!, outer, out var read).Should().BeTrue();
        var job = new LowRankJob { Outer = read.Data, OuterRow = read.Stride(0), Outputs = read.Size(0), Rank = Rank };
        var width = SimdDispatch.Fitting(read.Dtype, read.Size(0) / LowRankPanels.Vectors);
        var found = _store.Find(job, read.Dtype, width, out var areMade);
        areMade.Should().BeTrue();
        return found;
    }

    private void IsAsWithoutStore(Tensor x, Tensor inner, Tensor outer, int rank = Rank)
    {
        var expected = LowRankPass.TryApply(x, inner, outer, rank, 1.3)!;
        for (var call = 0; call < 2; call++)
        {
            var y = LowRankPass.TryApply(x, inner, outer, rank, 1.3, null, _store)!;
            Sample.Max((y - expected).to(float64)).Should().Be(0, "call {0}", call);
        }
    }
}
