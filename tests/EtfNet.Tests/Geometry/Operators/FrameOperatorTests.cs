using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class FrameOperatorTests
{
    [SeededProperty(100)]
    public void Apply_AnyFrameScaleAndType_IsTheMatrixAndItsAdjoint(int seed)
    {
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-13), (ScalarType.Float32, 1e-5), (ScalarType.Float16, 2e-2) })
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed);
            using var map = FrameOperator.Create(etf.Header, name => etf.FactorTensor(name).to(type));
            var matrix = etf.WithScale(1).ToTensor();
            var (x, y) = (Sample.Normal(seed, 3, etf.Columns).to(type), Sample.Normal(seed + 1, 3, etf.Rows).to(type));
            var (xBefore, yBefore) = (x.clone(), y.clone());
            foreach (var scale in new[] { 1, 1.7 })
            {
                var there = map.Apply(x, new FrameScale(scale));
                var back = map.ApplyAdjoint(y, new FrameScale(scale));
                there.dtype.Should().Be(type);
                var reach = tolerance * (2 + Sample.Max(x) + Sample.Max(y)) * Math.Sqrt(etf.Rows + etf.Columns);
                Sample.Max(there.to(ScalarType.Float64) - x.to(ScalarType.Float64).mm(matrix.t()) * scale)
                    .Should().BeLessThan(reach, "{0} {1}", etf, type);
                Sample.Max(back.to(ScalarType.Float64) - y.to(ScalarType.Float64).mm(matrix) * scale)
                    .Should().BeLessThan(reach, "{0} {1}", etf, type);
            }

            (x.Equals(xBefore), y.Equals(yBefore)).Should().Be((true, true), "the inputs are left alone");
        }
    }

    /// <summary>Rows on both sides of those that are taken in groups: few, not a multiple of eight, many.</summary>
    [Theory]
    [InlineData(8), InlineData(16), InlineData(20), InlineData(256), InlineData(264)]
    public void Apply_WideAlignedFrame_IsTheMatrixAndItsAdjointForAnyRowsAndThreads(long rows)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Of(EtfFrameKind.Aligned, 1024, 1030, 1);
        var matrix = etf.WithScale(1).ToTensor();
        var (x, y) = (Sample.Normal(1, rows, etf.Columns), Sample.Normal(2, rows, etf.Rows));
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16 })
        {
            using var map = FrameOperator.Create(etf.Header, name => etf.FactorTensor(name).to(type));
            var tolerance = type switch { ScalarType.Float64 => 1e-12, ScalarType.Float32 => 1e-4, _ => 0.5 };
            foreach (var threads in new[] { 1, 2 })
            {
                var (there, back) = Threads.Run(threads,
                    () => (map.Apply(x.to(type), new FrameScale(1.7)), map.ApplyAdjoint(y.to(type), new FrameScale(1.7))));
                Sample.Max(there.to(ScalarType.Float64) - x.mm(matrix.t()) * 1.7)
                    .Should().BeLessThan(tolerance, "{0} on {1}", type, threads);
                Sample.Max(back.to(ScalarType.Float64) - y.mm(matrix) * 1.7).Should().BeLessThan(tolerance, "{0} on {1}", type, threads);
            }
        }
    }

    [Fact]
    public void Apply_OutsideAnyScope_LeavesTheResultAloneAndDisposeTheRest()
    {
        foreach (var (rows, columns) in new (long, long)[] { (30, 30), (31, 30), (20, 30), (60, 30), (40, 37) })
            foreach (var kind in Enum.GetValues<EtfFrameKind>())
            {
                var etf = RandomFrames.Of(kind, rows, columns, 1);
                var factors = etf.Factors.Keys.ToDictionary(name => name, name => etf.FactorTensor(name));
                using var x = Sample.Normal(1, 3, columns);
                using var y = Sample.Normal(1, 3, rows);
                var before = Live();
                var map = FrameOperator.Create(etf.Header, name => factors[name]);
                map.Apply(x, FrameScale.One).Dispose();
                map.ApplyAdjoint(y, FrameScale.One).Dispose();
                var warm = Live();
                map.Apply(x, FrameScale.One).Dispose();
                map.ApplyAdjoint(y, FrameScale.One).Dispose();
                Live().Should().Be(warm, "{0}", etf);
                map.Dispose();
                Live().Should().Be(before, "{0}", etf);
                foreach (var factor in factors.Values)
                    factor.Dispose();
            }

        static long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
    }

    [Fact]
    public void RecordsItself_OnlyTheIdentityWhereNoKernelReaches_HoweverItLies()
    {
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
            foreach (var (rows, columns) in new (long, long)[] { (6, 6), (30, 5) })
            {
                using var scope = NewDisposeScope();
                var etf = RandomFrames.Of(kind, rows, columns, 1);
                using var map = FrameOperator.Create(etf.Header, etf.FactorTensor);
                map.RecordsItself(ones(2, columns)).Should().BeFalse("the kernel has a gradient of its own");
                map.RecordsItself(ones(2, columns, dtype: ScalarType.Float16)).Should().Be(kind == EtfFrameKind.Identity);
                using (NativeTorch.Force(null))
                    map.RecordsItself(ones(2, columns)).Should().Be(kind == EtfFrameKind.Identity);
            }
    }

    [Fact]
    public void Create_UnknownKind_Throws() =>
        Invoking(() => FrameOperator.Create(new SimplexEtfHeader((EtfFrameKind)9, new FrameShape(3, 3, false), 0, 1, 0), _ => null!))
            .Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void FrameScale_SameFactor_GivesTheSameScalar()
    {
        var scale = new FrameScale(3);
        var (half, third) = (scale.Times(0.5), scale.Times(1.0 / 3));
        (half.ToDouble(), third.ToDouble(), scale.Value).Should().Be((1.5, 1, 3));
        scale.Times(0.5).Should().BeSameAs(half);
        scale.Times(1.0 / 3).Should().BeSameAs(third);
    }

    [Fact]
    public void TensorCache_OfAType_MakesOnceAndLetsGoAtTheEnd()
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var made = 0;
        using (var cache = new TensorCache(_ => arange(++made, made + 3)))
        {
            using (NewDisposeScope())
            {
                var (single, wide) = (ones(1), ones(1, ScalarType.Float64));
                Tensor kept;
                using (inference_mode())
                    kept = cache.For(single);
                // What is made under inference mode takes part in later training all the same.
                var trained = ones(1, requires_grad: true);
                (trained * kept).sum().backward();
                Sample.Max(trained.grad! - kept.sum()).Should().Be(0);
                kept.dtype.Should().Be(ScalarType.Float32);
                cache.For(single).Should().BeSameAs(kept);
                cache.For(wide).dtype.Should().Be(ScalarType.Float64);
                cache.For(single, ownType: true).dtype.Should().Be(ScalarType.Int64);
                cache.For(wide, ownType: true).Should().BeSameAs(cache.For(single, ownType: true), "of its own type there is one");
                made.Should().Be(3);
            }

            (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - before).Should().Be(3, "what is kept is of no scope");
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Theory]
    [InlineData(8, 16, true)]
    [InlineData(9, 16, false)]
    public void RandomMatrix_FewPoints_IsTheSmallerForm(long rows, long columns, bool smaller) =>
        RandomMatrix.IsSmaller(new FrameShape(rows, columns, false)).Should().Be(smaller);

    /// <summary>The two forms of a structured random frame are one frame, so the threshold between them changes no number.</summary>
    [Theory]
    [InlineData(5, 48)]
    [InlineData(40, 48)]
    [InlineData(49, 48)]
    [InlineData(7, 101)]
    [InlineData(90, 101)]
    public void RandomMatrix_Structured_IsTheOperatorsMatrix(long points, long space)
    {
        using var scope = NewDisposeScope();
        var rotation = KroneckerOrthogonal.Create(space, 3);
        rotation.Width.Should().Be((int)space);
        foreach (var columns in new[] { false, true })
        {
            var shape = columns ? new FrameShape(space, points, true) : new FrameShape(points, space, false);
            if (columns && points > space)
                continue;
            var matrix = RandomMatrix.Structured(shape, 3);
            matrix.shape.Should().Equal(shape.Rows, shape.Columns);
            using var map = new KroneckerOperator(shape, 3);
            var applied = map.Apply(eye(space, dtype: ScalarType.Float64), FrameScale.One);
            Sample.Max(matrix - (columns ? applied : applied.t())).Should().BeLessThan(1e-13);

            // The first points of the rotation of the whole space, centered.
            using var whole = new KroneckerOperator(new FrameShape(space, space, false), 3);
            var all = whole.Apply(eye(space, dtype: ScalarType.Float64), FrameScale.One).t();
            if (points > space)
                continue;
            var first = all.narrow(0, 0, points);
            var wanted = first - first.mean([0], keepdim: true);
            wanted = wanted / wanted[0].norm();
            Sample.Max((columns ? matrix.t() : matrix) - wanted).Should().BeLessThan(1e-12);
        }
    }
}
