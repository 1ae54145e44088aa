using System.Runtime.InteropServices;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.Centering;

/// <summary>The kernel against the tensor operations that it stands for, in float64.</summary>
public sealed class CenteringPassTests
{
    private static readonly (ScalarType Type, double Tolerance)[] s_types = [(float64, 1e-14), (float32, 1e-6), (bfloat16, 1e-2)];

    private static readonly (long Points, long Space)[] s_shapes =
        [(2, 1), (2, 2), (3, 2), (7, 7), (17, 16), (40, 64), (64, 64), (65, 64), (200, 230), (1025, 1024), (1100, 1100)];

    private static readonly long[][] s_places = [[0], [1], [5], [3, 4, 4], [2, 7, 7], [2, 1, 1], [2, 1, 9], [1, 12, 12], [0, 3, 3]];

    [Fact]
    public void Apply_AnyShapeLayoutTypeAndWidth_IsWhatOperationsGive()
    {
        foreach (var (points, space) in s_shapes)
            foreach (var places in s_places.Where(places => places.Length == 1 || points < 300))
                for (var kind = 0; kind < 4; kind++)
                {
                    using var scope = NewDisposeScope();
                    var (isAdjoint, hasBias) = (kind % 2 == 1, kind > 1);
                    var shape = new FrameShape(points, space, false);
                    var (inputs, outputs) = isAdjoint ? (points, space) : (space, points);
                    var x = Sample.Normal(kind, [places[0], inputs, .. places[1..]]) + 0.5;
                    var bias = hasBias ? Sample.Normal(kind + 1, outputs) : null;
                    for (var layout = 0; layout < Layouts.Count; layout++)
                        foreach (var (type, tolerance) in s_types)
                            Check(Layouts.Of(x.to(type), layout), bias?.to(type), shape, isAdjoint, tolerance,
                                $"{shape} {places.Length} {kind} {layout} {type}");
                }
    }

    [Fact]
    public void Apply_VectorsOfDifferentWidths_AgreeToAMillionth()
    {
        using var scope = NewDisposeScope();
        foreach (var columns in new long[] { 5, 64, 1000, 4096, 20_000 })
        {
            var x = (Sample.Normal(1, 4, columns) * 3 + 10).to(float32);
            Tensor? first = null;
            Widths.Each(width =>
            {
                var y = Centered(x, columns)!;
                first ??= y;
                Sample.Max(y - first).Should().BeLessThan(1e-6 * Sample.Max(x), "{0} of {1}", width, columns);
            });
        }
    }

    [Fact]
    public void Apply_ManyRowsOnThreads_ChangesNoDigit()
    {
        using var scope = NewDisposeScope();
        foreach (var x in new[] { Sample.Normal(1, 300, 500), Sample.Normal(1, 6, 500, 9, 9) })
        {
            var alone = Threads.Run(1, () => Centered(x, 500)!);
            Sample.Max(Threads.Run(3, () => Centered(x, 500)!) - alone).Should().Be(0);
        }
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(1029)]
    public void Apply_OutputsTooLargeForACache_AreWhatSmallOnesAre(long columns)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { float32, float64, bfloat16 })
        {
            // A little over 16 MiB. Rows of 1029 numbers begin where no vector is aligned.
            var last = Sample.Normal(1, 10, columns).to(type);
            var x = cat([zeros((16 << 20) / (columns * type.ElementSize()), columns, dtype: type), last]);
            Widths.Each(width => Sample.Max(Centered(x, columns)!.slice(0, -10, x.shape[0], 1) - Centered(last, columns)!)
                .Should().Be(0, "{0} of {1}", width, type));
        }
    }

    [Fact]
    public void Apply_UnsupportedTensors_GiveNull()
    {
        using var scope = NewDisposeScope();
        Centered(ones(3, 4, dtype: float16), 4).Should().BeNull();
        Centered(ones(3, 4, dtype: int64), 4).Should().BeNull();
        Centered(ones(3, 4, device: META), 4).Should().BeNull();
        Centered(ones(3, 4).to_sparse(), 4).Should().BeNull();
        Centered(ones(2, 3, 4), 3).Should().BeNull("rows and maps have two and four dimensions");
        Centered(ones(3, 4), 5).Should().BeNull("there are not so many numbers");
        Centered(ones(6, 8).slice(0, 0, 6, 2).slice(1, 0, 8, 2), 4).Should().BeNull("numbers of a group lie apart, and groups too");
        Centered(ones(3, 4), 4, ones(4, float64)).Should().BeNull();
        Centered(ones(3, 4), 4, ones(3)).Should().BeNull();
        Centered(ones(3, 4), 4, ones(8).slice(0, 0, 8, 2)).Should().BeNull();
        using (NativeTorch.Force(null))
            Centered(ones(3, 4), 4).Should().BeNull();
        Centered(ones(3, 4), 4).Should().NotBeNull();
    }

    [Fact]
    public void Apply_NumbersBehindTwoGigabytes_AreFound()
    {
        using var scope = NewDisposeScope();
        // Untouched pages take no memory: only a few of these 2^32 bytes and more are ever read.
        var all = empty((1L << 31) + 64, dtype: bfloat16);
        var rows = all.as_strided([3, 16], [1L << 30, 1], 0);
        rows.copy_(Sample.Normal(1, 3, 16));
        var expected = Centered(rows.contiguous(), 16)!;
        Sample.Max(Centered(rows, 16)! - expected).Should().Be(0);
        Sample.Max(Centered(rows.narrow(0, 2, 1), 16)! - expected.narrow(0, 2, 1)).Should().Be(0);
    }

    [Fact]
    public void Apply_ToAViewThatIsNegatedWhenItIsRead_IsThatOfItsNumbers()
    {
        using var scope = NewDisposeScope();
        var negated = complex(ones(5, 1), full(5, 1, 3.0f)).conj().imag;
        negated.is_neg().Should().BeTrue();
        Centered(negated, 1).Should().BeNull();
        var y = EtfNet.Centering.Apply(negated, new FrameShape(2, 1, false), new FrameScale(1));
        Sample.Max(y - EtfNet.Centering.Apply(full(5, 1, -3.0f), new FrameShape(2, 1, false), new FrameScale(1))).Should().BeLessThan(1e-6);
    }

    [Fact]
    public void Apply_UnderInferenceMode_GivesAnInferenceTensor()
    {
        using var scope = NewDisposeScope();
        Tensor made;
        using (inference_mode())
            made = Centered(ones(2, 4), 4)!;
        var weight = ones(4, requires_grad: true);
        FluentActions.Invoking(() => made * weight).Should().Throw<ExternalException>("as of every operation").WithMessage("*nference*");
        (Centered(ones(2, 4), 4)! * weight).requires_grad.Should().BeTrue();
    }

    private static Tensor? Centered(Tensor x, long count, Tensor? bias = null) =>
        CenteringPass.TryApply(x, new CenteringForm(count, count, count, 1.25, -1.25 / count), bias);

    private static void Check(Tensor x, Tensor? bias, FrameShape shape, bool isAdjoint, double tolerance, string what)
    {
        var scale = new FrameScale(1.3);
        Tensor expected;
        using (NativeTorch.Force(null))
            expected = Apply(x.to(float64), bias?.to(float64));
        Widths.Each(width =>
        {
            var y = Apply(x, bias);
            y.shape.Should().Equal(expected.shape, what);
            y.dtype.Should().Be(x.dtype);
            (Sample.Max(y.to(float64) - expected) / (1 + Sample.Max(expected))).Should().BeLessThan(tolerance, "{0} {1}", what, width);
        });

        Tensor Apply(Tensor input, Tensor? added) => isAdjoint
            ? EtfNet.Centering.ApplyAdjoint(input, shape, scale, added)
            : EtfNet.Centering.Apply(input, shape, scale, added);
    }
}
