using System.Buffers;

namespace EtfNet;

/// <summary>How many samples were scored, how many of them nearer to another class's center than to their own, and how many decisions needed float64.</summary>
internal readonly record struct NccScore(long Scored, long Wrong, long Rescored);

/// <summary>Scores samples against class centers: squared distances by products of centered float32 features, the own class left out of its own center.</summary>
internal static class NearestClassCenter
{
    private const int RowBlock = 4;

    /// <summary>Scores a batch.</summary>
    /// <param name="features">Samples x width. A sample with a NaN or infinite feature is not scored.</param>
    /// <param name="labels">A class a sample. One that has no center is wrong: absent classes never win.</param>
    /// <param name="centers">The centers.</param>
    /// <param name="nearest">Takes, a sample, the class of the nearest center (nothing left out), -1 where it is not scored. May be empty.</param>
    /// <param name="exact">Where given (the state that <paramref name="centers"/> were made of), decisions closer than the rounding bound are made in float64.</param>
    public static NccScore Score(
        FeatureRows features, ReadOnlySpan<int> labels, ClassCenters centers, Span<int> nearest = default, ClassStatistics? exact = null)
    {
        var count = centers.Classes.Length;
        var scratch = ArrayPool<float>.Shared.Rent(RowBlock * (centers.Stride + count));
        try
        {
            var rows = scratch.AsSpan(0, RowBlock * centers.Stride);
            var products = scratch.AsSpan(RowBlock * centers.Stride, RowBlock * count);
            rows.Clear();

            var total = default(NccScore);
            Span<float> norms = stackalloc float[RowBlock];
            for (var start = 0; start < features.Count; start += RowBlock)
            {
                var block = Math.Min(RowBlock, features.Count - start);
                for (var r = 0; r < block; r++)
                    norms[r] = DistanceKernels.Center(features, start + r, centers, rows[(r * centers.Stride)..]);
                DistanceKernels.Products(rows, centers.Values, centers.Stride, count, products);

                for (var r = 0; r < block; r++)
                {
                    var row = new ScoredRow(norms[r], OwnIndex(centers, labels[start + r]));
                    row.Take(products.Slice(r * count, count), centers.SquaredNorms, 0);
                    Decide(features, start + r, row, centers, exact, nearest, ref total);
                }
            }

            return total;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(scratch);
        }
    }

    private static int OwnIndex(ClassCenters centers, int label) => label < centers.IndexOf.Length ? centers.IndexOf[label] : -1;

    private static void Decide(
        FeatureRows features, int row, in ScoredRow scored, ClassCenters centers, ClassStatistics? exact, Span<int> nearest, ref NccScore total)
    {
        if (!float.IsFinite(scored.SquaredNorm))
        {
            if (!nearest.IsEmpty)
                nearest[row] = -1;
            return;
        }

        var factor = scored.OwnIndex < 0 ? float.PositiveInfinity : centers.OwnFactors[scored.OwnIndex];
        var (right, winner) = scored.Decide(factor);
        var rescored = exact is not null && scored.IsClose(factor, centers);
        if (rescored)
            (right, winner) = ExactDistance.Decide(features, row, scored.OwnIndex, centers, exact!);

        if (!nearest.IsEmpty)
            nearest[row] = centers.Classes[winner];
        total = new NccScore(total.Scored + 1, total.Wrong + (right ? 0 : 1), total.Rescored + (rescored ? 1 : 0));
    }
}
