using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class SimplexEtfTests
{
    [SeededProperty(250)]
    public void ToTensor_AnyFrameAndShape_IsSimplexEtfOfItsScale(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed);
        var matrix = etf.ToTensor();
        matrix.shape.Should().Equal(etf.Rows, etf.Columns);

        // By definition, in float64: G = s^2 m/(m-1) (I - 11^T/m) over the points.
        var points = etf.IsColumnFrame ? matrix.t() : matrix;
        var count = points.shape[0];
        var gram = points.mm(points.t()) / (etf.Scale * etf.Scale);
        var wanted = (eye(count, dtype: ScalarType.Float64) - 1.0 / count) * (count / (count - 1.0));
        Sample.Max(gram - wanted).Should().BeLessThan(1e-12, "{0}", etf);
    }

    [SeededProperty(50)]
    public void ToTensor_Float32_IsOrthonormalToSingle(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed).WithScale(1);
        var departure = SimplexEtf.Measure(etf.ToTensor(ScalarType.Float32), etf.IsColumnFrame);
        Math.Max(departure.Norms, departure.Cosines).Should().BeLessThan(1e-6, "{0}", etf);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void Create_TwoRows_AreOpposite(long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var matrix = SimplexEtf.Create(EtfFrame.Identity, rows, columns, 2).ToTensor();
        Sample.Max(matrix.sum(0L)).Should().BeLessThan(1e-14);
        Sample.Max(matrix.norm(1) - 2).Should().BeLessThan(1e-14);
    }

    [Fact]
    public void Create_IdentityOfSquareShape_IsScaledCentering()
    {
        using var scope = NewDisposeScope();
        var x = Sample.Normal(1, 5, 7);
        var y = x.mm(SimplexEtf.Create(EtfFrame.Identity, 7, 7).ToTensor().t());
        Sample.Max(y - Math.Sqrt(7.0 / 6) * (x - x.mean([1], keepdim: true))).Should().BeLessThan(1e-14);
    }

    [Fact]
    public void Create_SameSeed_IsSameFrame_OtherSeedIsNot()
    {
        foreach (var make in (Func<long, EtfFrame>[])[EtfFrame.Random, EtfFrame.DenseRandom])
        {
            using var scope = NewDisposeScope();
            var one = SimplexEtf.Create(make(5), 23, 23);
            one.Should().Be(SimplexEtf.Create(make(5), 23, 23));
            one.Should().NotBe(SimplexEtf.Create(make(6), 23, 23));
            Sample.Max(one.ToTensor() - SimplexEtf.Create(make(5), 23, 23).ToTensor()).Should().Be(0);
            Sample.Max(one.ToTensor() - SimplexEtf.Create(make(6), 23, 23).ToTensor()).Should().BeGreaterThan(0.1);
        }
    }

    /// <summary>Entries of an independent implementation: Gram-Schmidt in plain Python floats.</summary>
    [Fact]
    public void Create_DenseRandom_IsTheSameOnAnyMachine()
    {
        using var scope = NewDisposeScope();
        var matrix = SimplexEtf.Create(EtfFrame.DenseRandom(11), 5, 5).ToTensor();
        matrix[0, 0].item<double>().Should().BeApproximately(0.12000838918205124, 1e-12);
        matrix[1, 3].item<double>().Should().BeApproximately(-0.4083262329679574, 1e-12);
        matrix[4, 2].item<double>().Should().BeApproximately(-0.6200101331615172, 1e-12);
    }

    [Fact]
    public void Create_AnyKind_LeavesGlobalGeneratorAlone()
    {
        using var scope = NewDisposeScope();
        var before = get_rng_state();
        for (var seed = 0; seed < 10; seed++)
            RandomFrames.Draw(seed).ToTensor();
        get_rng_state().Equals(before).Should().BeTrue();
    }

    [Theory]
    [InlineData(1, 4, "rows")]
    [InlineData(0, 4, "rows")]
    [InlineData(6, 4, "rows")]
    [InlineData(3, 0, "columns")]
    public void Create_NoSuchFrame_Throws(long rows, long columns, string parameter) =>
        Invoking(() => SimplexEtf.Create(EtfFrame.Identity, rows, columns))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(parameter);

    [Fact]
    public void Create_MoreRowsThanWidthPlusOne_NamesTheColumnFrame()
    {
        Invoking(() => SimplexEtf.Create(EtfFrame.Identity, 6, 4)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*OrColumns*");
        SimplexEtf.Create(EtfFrame.Identity.OrColumns, 6, 4).IsColumnFrame.Should().BeTrue();
        SimplexEtf.Create(EtfFrame.Identity.OrColumns, 5, 4).IsColumnFrame
            .Should().BeFalse("a simplex ETF of 5 rows exists in 4 dimensions");
    }

    [Fact]
    public void Create_LargestShapes_AreNeitherWrappedNorRefusedForAnotherReason()
    {
        var largest = SimplexEtf.Create(EtfFrame.Identity, long.MaxValue, long.MaxValue);
        largest.Rows.Should().Be(long.MaxValue);
        Invoking(() => SimplexEtf.Create(EtfFrame.Identity, long.MaxValue, 4))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*at most 5 rows*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Create_ScaleNotPositiveAndFinite_Throws(double scale) =>
        Invoking(() => SimplexEtf.Create(EtfFrame.Identity, 3, 4, scale))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(scale));

    [Fact]
    public void Create_FrameThatDependsOnAWeight_Throws() =>
        Invoking(() => SimplexEtf.Create(EtfFrame.Aligned(3), 4, 4)).Should().Throw<ArgumentException>().WithMessage("*Identity*");

    [SeededProperty(20)]
    public void NearestTo_AnyMatrix_NoRandomFrameIsNearer(int seed)
    {
        using var scope = NewDisposeScope();
        var shape = RandomFrames.Draw(seed);
        var matrix = seed % 3 == 0
            ? Sample.LowRank(seed, shape.Rows, shape.Columns, 1)
            : Sample.Normal(seed, shape.Rows, shape.Columns);
        var nearest = SimplexEtf.NearestTo(matrix, orColumns: true);
        var distance = (matrix - nearest.ToTensor()).norm().item<double>();
        for (var other = 0; other < 100; other++)
        {
            var random = SimplexEtf.Create(EtfFrame.Random(other).OrColumns, shape.Rows, shape.Columns).ToTensor();
            var scale = (matrix * random).sum() / random.square().sum();
            (matrix - random * scale).norm().item<double>().Should().BeGreaterThanOrEqualTo(distance - 1e-9, "{0}", nearest);
        }
    }

    [SeededProperty(30)]
    public void NearestTo_SimplexEtf_IsItself(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed);
        var nearest = SimplexEtf.NearestTo(etf.ToTensor(), orColumns: true);
        Sample.Max(nearest.ToTensor() - etf.ToTensor()).Should().BeLessThan(1e-12);
        nearest.Scale.Should().BeApproximately(etf.Scale, 1e-12);
    }

    [Fact]
    public void NearestTo_BadMatrix_Throws()
    {
        using var scope = NewDisposeScope();
        Invoking(() => SimplexEtf.NearestTo(ones(3, 4))).Should().Throw<ArgumentException>("centered it is zero").WithMessage("*zero*");
        Invoking(() => SimplexEtf.NearestTo(ones(3, 4) * float.NaN)).Should().Throw<ArgumentException>().WithMessage("*NaN*");
        Invoking(() => SimplexEtf.NearestTo(ones(3, 4, dtype: ScalarType.Int64)))
            .Should().Throw<ArgumentException>().WithMessage("*Int64*");
        Invoking(() => SimplexEtf.NearestTo(ones(3))).Should().Throw<ArgumentException>().WithMessage("*(3)*");
        Invoking(() => SimplexEtf.NearestTo(ones(6, 4))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*OrColumns*");
    }

    [Theory]
    [InlineData(20, 20, 5)]
    [InlineData(8, 20, 20)]
    [InlineData(21, 20, 5)]
    [InlineData(40, 20, 5)]
    public void AlignedTo_InputsInAFewDirections_ReproducesAnIsometryOnThem(long rows, long columns, int rank)
    {
        using var scope = NewDisposeScope();
        // A frame itself, seen only through inputs of 5 directions: the aligned frame gives the same outputs, scale included.
        var matrix = SimplexEtf.Create(EtfFrame.DenseRandom(1).OrColumns, rows, columns, 1.7);
        var inputs = Sample.LowRank(1, 100, columns, Math.Min(5, columns));
        if (rows > columns + 1)
            inputs -= inputs.mean([1], keepdim: true);
        else
            inputs = inputs.mm(matrix.ToTensor().t()).mm(matrix.ToTensor());
        var aligned = SimplexEtf.AlignedTo(matrix.ToTensor(), inputs, rank, orColumns: true);
        aligned.Kind.Should().Be(EtfFrameKind.Aligned);
        aligned.Rank.Should().BeLessThanOrEqualTo(5);
        aligned.Scale.Should().BeApproximately(1.7, 1e-9);
        var wanted = inputs.mm(matrix.ToTensor().t());
        (Sample.Max(inputs.mm(aligned.ToTensor().t()) - wanted) / Sample.Max(wanted)).Should().BeLessThan(1e-9);
    }

    [Fact]
    public void AlignedTo_BadArguments_Throw()
    {
        using var scope = NewDisposeScope();
        var (matrix, inputs) = (Sample.Normal(1, 6, 5), Sample.Normal(2, 30, 5));
        Invoking(() => SimplexEtf.AlignedTo(matrix, inputs, 6))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("rank").WithMessage("*6 x 5*1 to 5*");
        Invoking(() => SimplexEtf.AlignedTo(matrix, inputs, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("rank");
        Invoking(() => SimplexEtf.AlignedTo(matrix, inputs[.., ..4], 2))
            .Should().Throw<ArgumentException>().WithMessage("*(30, 4)*(N, 5)*");
        Invoking(() => SimplexEtf.AlignedTo(matrix, inputs / 0, 2)).Should().Throw<ArgumentException>().WithParameterName("inputs");
        Invoking(() => SimplexEtf.AlignedTo(matrix * 0, inputs, 2)).Should().Throw<ArgumentException>().WithMessage("*nothing to align*");
        Invoking(() => EtfFrame.Aligned(0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("rank");
        Invoking(() => EtfFrame.AlignedToEnergy(double.NaN, 3)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("energy");
        Invoking(() => EtfFrame.AlignedToEnergy(1.1, 3)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Measure_NotAFrame_ShowsWhichPropertyFails()
    {
        using var scope = NewDisposeScope();
        var matrix = SimplexEtf.Create(EtfFrame.Random(3), 5, 8).ToTensor();
        var frame = SimplexEtf.Measure(matrix);
        Math.Max(Math.Max(frame.Norms, frame.Cosines), frame.Tightness).Should().BeLessThan(1e-14);

        var longer = matrix.clone();
        longer[0] *= 2;
        var unequal = SimplexEtf.Measure(longer);
        // Norms 2, 1, 1, 1, 1: mean 1.2, population deviation 0.4.
        unequal.Norms.Should().BeApproximately(0.4 / 1.2, 1e-12);
        unequal.Cosines.Should().BeLessThan(1e-14);
        unequal.Tightness.Should().BeGreaterThan(0.1);

        var orthogonal = SimplexEtf.Measure(eye(5, dtype: ScalarType.Float64));
        orthogonal.Cosines.Should().BeApproximately(0.25, 1e-14);
        orthogonal.Norms.Should().Be(0);
        // G/|G| has the eigenvalues 1/sqrt 5, the frame's 1/2 four times and 0.
        orthogonal.Tightness.Should().BeApproximately(Math.Sqrt(0.2 + 4 * Math.Pow(Math.Sqrt(0.2) - 0.5, 2)), 1e-14);
        SimplexEtf.Measure(longer.t(), columns: true).Should().Be(unequal);
    }
}
