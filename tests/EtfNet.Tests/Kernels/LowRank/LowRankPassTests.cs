using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.LowRank;

/// <summary>The kernel against its formula in float64.</summary>
public sealed class LowRankPassTests
{
    private static readonly (ScalarType Type, double Tolerance)[] s_types = [(float64, 1e-14), (float32, 1e-6), (bfloat16, 1e-2)];

    private static readonly (long Outputs, long Inputs, int Rank)[] s_shapes =
    [
        (12, 12, 2), (13, 9, 1), (24, 70, 6), (48, 300, 16), (50, 47, 16), (64, 64, 33), (300, 301, 15), (90, 60, 31),
        (1024, 1024, 21), (700, 3, 3), (40, 1, 1),
    ];

    [Fact]
    public void Apply_AnyShapeTypeAndWidth_IsTheFormula()
    {
        foreach (var (outputs, inputs, rank) in s_shapes)
            foreach (var rows in new long[] { 0, 1, 3, 4, 17, 70 })
                for (var kind = 0; kind < 4; kind++)
                {
                    using var scope = NewDisposeScope();
                    var wide = (rank + 7) / 8 * 8;
                    var x = Sample.Normal(kind, rows, inputs);
                    var (inner, outer) = (Sample.Normal(1, inputs, wide) / Math.Sqrt(inputs), Sample.Normal(2, outputs, wide));
                    var bias = kind % 2 == 0 ? null : Sample.Normal(3, outputs);
                    if (kind > 1)
                        (x, inner, outer) = (Layouts.Of(x, 3), Layouts.Of(inner, 3), Layouts.Of(outer, 3));
                    foreach (var (type, tolerance) in s_types)
                        Check(x, inner, outer, rank, bias, type, tolerance);
                }
    }

    [Fact]
    public void Apply_OnThreads_ChangesNoDigit()
    {
        using var scope = NewDisposeScope();
        var (x, factor) = (Sample.Normal(1, 500, 300).to(float32), Sample.Normal(2, 300, 24).to(float32));
        var alone = Threads.Run(1, () => LowRankPass.TryApply(x, factor, factor, 21, 1)!);
        Sample.Max(Threads.Run(3, () => LowRankPass.TryApply(x, factor, factor, 21, 1)!) - alone).Should().Be(0);
    }

    [Fact]
    public void Apply_NumbersBehindTheFactors_AreNeverUsed()
    {
        using var scope = NewDisposeScope();
        // NaN in the columns beyond the rank and behind the last row of the factors.
        var all = full(40 * 8 + 8, double.NaN);
        var factor = all.narrow(0, 0, 40 * 8).view(40, 8);
        factor.narrow(1, 0, 3).copy_(Sample.Normal(1, 40, 3));
        var x = Sample.Normal(2, 9, 40).to(float32);
        Widths.Each(width => LowRankPass.TryApply(x, factor, factor, 3, 1)!.isfinite().all().item<bool>().Should().BeTrue("{0}", width));
    }

    [Fact]
    public void Apply_UnsupportedTensor_GivesNull()
    {
        using var scope = NewDisposeScope();
        var (x, factor) = (ones(5, 40), ones(40, 8));
        LowRankPass.TryApply(x, factor, factor, 3, 1).Should().NotBeNull();
        LowRankPass.TryApply(x.to(float16), factor.to(float16), factor.to(float16), 3, 1).Should().BeNull();
        LowRankPass.TryApply(x, factor.to(float64), factor, 3, 1).Should().BeNull();
        LowRankPass.TryApply(x, factor, factor.t().contiguous().t(), 3, 1).Should().BeNull();
        LowRankPass.TryApply(ones(40, 5).t(), factor, factor, 3, 1).Should().BeNull();
        LowRankPass.TryApply(x, factor.narrow(0, 0, 39), factor, 3, 1).Should().BeNull();
        LowRankPass.TryApply(x, factor, factor, 9, 1).Should().BeNull();
        LowRankPass.TryApply(x, ones(1, 8).expand(40, 8), factor, 3, 1).Should().BeNull("its rows are one and the same");
        LowRankPass.TryApply(x, ones(100).as_strided([40, 8], [2, 1]), factor, 3, 1).Should().BeNull("its rows overlap");
        LowRankPass.TryApply(x, factor, ones(1, 8).expand(40, 8), 3, 1).Should().NotBeNull("the outer factor is copied");
        LowRankPass.TryApply(x, factor, factor.narrow(0, 0, 10), 3, 1).Should().BeNull("ten outputs fill no three vectors");
        LowRankPass.TryApply(x, factor, factor, 3, 1, ones(39)).Should().BeNull();
        LowRankPass.TryApply(ones(2, 5, 40), factor, factor, 3, 1).Should().BeNull();
        using (NativeTorch.Force(null))
            LowRankPass.TryApply(x, factor, factor, 3, 1).Should().BeNull();
    }

    private static void Check(Tensor x, Tensor inner, Tensor outer, int rank, Tensor? bias, ScalarType type, double tolerance)
    {
        var (a, b, c, d) = (x.to(type), inner.to(type), outer.to(type), bias?.to(type));
        var (inputs, outputs) = (x.shape[1], outer.shape[0]);
        var (wide, left, right) = (a.to(float64), b.to(float64).narrow(1, 0, rank), c.to(float64).narrow(1, 0, rank));
        var fitted = outputs > inputs ? nn.functional.pad(wide, (0, outputs - inputs)) : wide.narrow(1, 0, outputs);
        var expected = 1.3 * (fitted - wide.mm(left).mm(right.t()));
        if (d is not null)
            expected += d.to(float64);
        Widths.Each(width =>
        {
            if (LowRankPass.TryApply(a, b, c, rank, 1.3, d) is { } y)
                (Sample.Max(y.to(float64) - expected) / (1 + Sample.Max(expected))).Should()
                    .BeLessThan(tolerance, "{0} to {1} of rank {2}, {3} rows of {4} on {5}",
                        inputs, outputs, rank, x.shape[0], type, width);
            else
                (outputs < 24 && width > SimdWidth.Plain).Should().BeTrue("only outputs that fill no three vectors are left alone");
        });
    }
}
