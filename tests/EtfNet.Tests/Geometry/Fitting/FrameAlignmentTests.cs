using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class FrameAlignmentTests
{
    /// <summary>K, d, r, rank of the weight.</summary>
    public static TheoryData<long, long, long, long> Cases => new()
    {
        { 24, 24, 6, 24 },
        { 24, 24, 6, 3 },
        { 10, 24, 20, 10 },
        { 10, 24, 20, 4 },
        { 25, 24, 7, 25 },
        { 25, 24, 24, 25 },
        { 24, 24, 24, 24 },
        { 50, 24, 6, 24 },
        { 50, 24, 6, 2 },
        { 50, 24, 23, 24 },
        { 2, 1, 1, 1 },
        { 2, 5, 4, 2 },
        { 4, 2, 1, 2 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Align_AnyShape_SendsInputDirectionsToPolarFactor(long rows, long columns, long rank, long weightRank)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            using var scope = NewDisposeScope();
            var shape = FrameShape.For(EtfFrame.Nearest.OrColumns, rows, columns, nameof(rows), nameof(columns));
            var weight = Sample.LowRank(seed, rows, columns, weightRank);
            CheckPromise(weight, shape, Math.Min(rank, shape.Space), seed);
        }
    }

    [SeededProperty(20)]
    public void Align_WeightNearACentering_OverlappingSpans_StillExact(int seed)
    {
        using var scope = NewDisposeScope();
        var shape = new FrameShape(16, 16, false);
        // Q and Z share directions, or nearly: the weight is the identity up to a step of 1e-1 to 1e-16.
        var weight = eye(16, dtype: ScalarType.Float64) + Sample.Normal(seed, 16, 16) * Math.Pow(10, -(seed % 20) * 0.8);
        CheckPromise(weight, shape, 5, seed);
    }

    [Fact]
    public void Align_WideLayerInFloat32_StillSendsInputDirectionsToPolarFactor()
    {
        using var scope = NewDisposeScope();
        var shape = new FrameShape(400, 400, false);
        var directions = Sample.Orthonormal(1, 400, 20);
        var images = Sample.Normal(2, 400, 400).mm(directions) * linspace(9, 0.1, 20, dtype: ScalarType.Float64);
        var alignment = FrameAlignment.Align(directions, images, shape)!;
        using var layer = new SimplexEtfLinear(alignment.ToEtf(shape, 1));
        var (a, _, b) = linalg.svd(images - images.mean([0], keepdim: true), fullMatrices: false);
        var sent = layer.call(directions.t().to(ScalarType.Float32)).t().to(ScalarType.Float64) / shape.Norm;
        Sample.Max(sent - a.mm(b)).Should().BeLessThan(1e-5);
    }

    private static void CheckPromise(Tensor weight, FrameShape shape, long rank, int seed)
    {
        var (alignment, directions, weighted) = RandomFrames.AlignedTo(weight, shape, rank, seed + 50);
        var etf = alignment.ToEtf(shape, 1);
        var kept = alignment.Inputs.shape[1];
        kept.Should().BeLessThanOrEqualTo(shape.Points - 1);

        // By brute force: polar(C W Q L) from an SVD with C as a matrix. Where singular values vanish, on the inputs that carry the others.
        var images = weight.mm(weighted);
        if (!shape.IsColumnFrame)
            images = (eye(shape.Rows, dtype: ScalarType.Float64) - 1.0 / shape.Rows).mm(images);
        var (a, sigma, b) = linalg.svd(images, fullMatrices: false);
        kept.Should().Be(Math.Min((sigma > 1e-9 * sigma[0]).sum().item<long>(), shape.Points - 1));
        var polar = a.narrow(1, 0, kept).mm(b.narrow(0, 0, kept));
        var seen = b.narrow(0, 0, kept).t().mm(b.narrow(0, 0, kept));
        foreach (var (dtype, tolerance) in new[] { (ScalarType.Float64, 1e-12), (ScalarType.Float32, 1e-5) })
        {
            var sent = etf.ToTensor(dtype).to(ScalarType.Float64).mm(directions.mm(seen)) / shape.Norm;
            Sample.Max(sent - polar).Should().BeLessThan(tolerance, "{0} {1}", shape, rank);
        }

        Sample.Max(alignment.Outputs.t().mm(alignment.Outputs) - eye(kept, dtype: ScalarType.Float64)).Should().BeLessThan(1e-13);
        var departure = SimplexEtf.Measure(etf.ToTensor(), shape.IsColumnFrame);
        Math.Max(departure.Norms, departure.Cosines).Should().BeLessThan(1e-12);
    }
}
