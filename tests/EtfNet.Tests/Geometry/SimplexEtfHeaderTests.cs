using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class SimplexEtfHeaderTests
{
    private static readonly SimplexEtfHeader Identity = new(EtfFrameKind.Identity, new FrameShape(4, 4, false), 0, 1, 0);
    private static readonly SimplexEtfHeader Aligned = Identity with { Kind = EtfFrameKind.Aligned, Rank = 3 };

    [Fact]
    public void Problem_OfAFrame_IsNone()
    {
        foreach (var header in new[]
        {
            Identity, Aligned, Aligned with { Rank = 0 }, Identity with { Scale = 1e-300 },
            Identity with { Kind = EtfFrameKind.Random, Seed = -5 }, Identity with { Kind = EtfFrameKind.DenseRandom, Seed = 1 },
            Identity with { Shape = new FrameShape(5, 4, false) }, Identity with { Shape = new FrameShape(2, 1, false) },
            Identity with { Shape = new FrameShape(6, 4, true) }, Identity with { Shape = new FrameShape(4, 2, true) },
            Aligned with { Shape = new FrameShape(9, 4, true) },
        })
            header.Problem().Should().BeNull("{0}", header);
    }

    [Fact]
    public void Problem_OfNoFrame_NamesIt()
    {
        Check(Identity with { Kind = (EtfFrameKind)9 }, "kind 9*Identity*");
        Check(Identity with { Shape = new FrameShape(1, 4, false) }, "shape 1 x 4 has no frame*");
        Check(Identity with { Shape = new FrameShape(2, 0, false) }, "shape 2 x 0 has no frame*");
        Check(Identity with { Shape = new FrameShape(6, 4, false) }, "*at most 5 rows");
        Check(Identity with { Shape = new FrameShape(5, 4, true) }, "*no column frame*");
        Check(Identity with { Shape = new FrameShape(9, 1, true) }, "*no column frame*");
        foreach (var scale in new[] { 0, -1, double.NaN, double.PositiveInfinity })
            Check(Identity with { Scale = scale }, "scale*");
        Check(Identity with { Seed = 1 }, "seed 1*Identity");
        Check(Aligned with { Seed = -1 }, "seed -1*Aligned");
        Check(Identity with { Rank = 1 }, "rank 1*Identity*");
        Check(Aligned with { Rank = 4 }, "rank 4*Aligned*");
        Check(Aligned with { Rank = -1 }, "rank -1*");

        static void Check(SimplexEtfHeader header, string message) => header.Problem().Should().Match(message);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(7, 8)]
    [InlineData(8, 16)]
    [InlineData(15, 16)]
    public void FactorWidth_AnyRank_HoldsTheCenteringToo(int rank, int width)
    {
        var header = Aligned with { Shape = new FrameShape(20, 30, false), Rank = rank };
        header.FactorWidth.Should().Be(width);
        header.Factors.Should().Equal(("left", 20, width), ("right", 30, width));
    }

    [Fact]
    public void Signature_TellsKindsShapesSeedsAndRanksApart()
    {
        Identity.Signature.Should().Be("identity_4x4");
        (Identity with { Shape = new FrameShape(9, 4, true) }).Signature.Should().Be("identity_9x4_columns");
        (Identity with { Kind = EtfFrameKind.Random, Seed = 3 }).Signature.Should().Be("random_4x4_seed_3");
        (Identity with { Kind = EtfFrameKind.DenseRandom, Seed = 3 }).Signature.Should().Be("denserandom_4x4_seed_3");
        (Identity with { Kind = EtfFrameKind.Nearest }).Signature.Should().Be("nearest_4x4");
        Aligned.Signature.Should().Be("aligned_4x4_rank_3");
    }

    [Fact]
    public void Frame_OfTheWrongFactors_IsRefused()
    {
        var header = Identity with { Kind = EtfFrameKind.Nearest };
        var good = new double[16];
        Check(header with { Scale = 0 }, [], "*Not a simplex ETF*scale*");
        Check(header, [], "*'matrix'*4 x 4 numbers*");
        Check(header, new() { ["matrix"] = new double[15] }, "*'matrix'*4 x 4 numbers*");
        Check(header, new() { ["matrix"] = [.. good[1..], double.NaN] }, "*'matrix'*NaN*");
        Check(header, new() { ["matrix"] = good, ["left"] = good }, "*has 1 factors, not 2*");
        Check(Identity, new() { ["left"] = good }, "*has 0 factors, not 1*");

        static void Check(SimplexEtfHeader header, Dictionary<string, double[]> factors, string message) =>
            Invoking(() => new SimplexEtf(header, factors)).Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void Frame_ComparedWithOthers_IsEqualByHeaderAndFactors()
    {
        using var scope = NewDisposeScope();
        var one = SimplexEtf.NearestTo(Sample.Normal(1, 4, 4)).WithScale(2);
        one.Equals(SimplexEtf.NearestTo(Sample.Normal(2, 4, 4)).WithScale(2)).Should().BeFalse("the factors are others");
        one.Equals(SimplexEtf.NearestTo(Sample.Normal(1, 4, 4)).WithScale(2)).Should().BeTrue();
        one.Equals((object)one.WithScale(2)).Should().BeTrue();
        foreach (var other in new object?[] { null, "a frame" })
            one.Equals(other).Should().BeFalse();
        one.ToString().Should().Be("SimplexEtf(nearest_4x4, scale 2)");
        SimplexEtf.Create(EtfFrame.Random(6), 4, 4).Seed.Should().Be(6);
    }

    [Fact]
    public void Frame_BadArguments_Throw()
    {
        using var scope = NewDisposeScope();
        var etf = SimplexEtf.Create(EtfFrame.Identity, 4, 4);
        foreach (var scale in new[] { 0, -1, double.NaN, double.PositiveInfinity })
            etf.Invoking(e => e.WithScale(scale)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(scale));
        etf.Invoking(e => e.ToTensor(ScalarType.Int64)).Should().Throw<ArgumentException>().WithMessage("*Int64*");
        etf.Invoking(e => e.Save((Stream)null!)).Should().Throw<ArgumentNullException>();
        etf.Invoking(e => e.Save((string)null!)).Should().Throw<ArgumentNullException>();
        Invoking(() => SimplexEtf.Load((Stream)null!)).Should().Throw<ArgumentNullException>();
        Invoking(() => SimplexEtf.Load((string)null!)).Should().Throw<ArgumentNullException>();
        Invoking(() => SimplexEtf.Create(null!, 4, 4)).Should().Throw<ArgumentNullException>();
        Invoking(() => SimplexEtf.NearestTo(null!)).Should().Throw<ArgumentNullException>().WithParameterName("matrix");
        Invoking(() => SimplexEtf.NearestTo(zeros(0, 3))).Should().Throw<ArgumentException>().WithMessage("*empty*(0, 3)*");
        Invoking(() => SimplexEtf.AlignedTo(ones(4, 4), ones(4), 1)).Should().Throw<ArgumentException>().WithParameterName("inputs");
        Invoking(() => SimplexEtf.Measure(ones(1, 3))).Should().Throw<ArgumentException>().WithMessage("*1 x 3 has 1*");
        Invoking(() => SimplexEtf.Measure(ones(3, 1), columns: true)).Should().Throw<ArgumentException>().WithMessage("*3 x 1 has 1*");
    }

    [Fact]
    public void ToTensor_OutsideAnyScope_LeavesTheMatrixAlone()
    {
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
        {
            var etf = RandomFrames.Of(kind, 12, 10, 1);
            var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using var matrix = etf.ToTensor();
            (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - before).Should().Be(1, "{0}", kind);
            matrix.is_contiguous().Should().BeTrue();
        }
    }
}
