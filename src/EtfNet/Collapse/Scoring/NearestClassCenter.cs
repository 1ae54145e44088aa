using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>How many samples were scored, how many of them nearer to another class's center than to their own, and how many decisions
/// needed float64.</summary>
internal readonly record struct NccScore(long Scored, long Wrong, long Rescored);

/// <summary>Scores samples against class centers: squared distances by products of centered float32 features, the own class left out of its
/// own center.</summary>
internal static class NearestClassCenter
{
    // Up to here the centers stay in the cache while four rows at a time pass by; beyond, a blocked matrix product is faster.
    private const int FewClasses = 32;
    private const int RowBlock = 256;
    private const int ClassBlock = 1024;

    /// <summary>Scores a batch.</summary>
    /// <param name="features">Samples x width. A sample with a NaN or infinite feature is not scored.</param>
    /// <param name="labels">
    /// One class per sample. A sample whose class has no center is wrong: absent classes never win. Negative for a sample without a label,
    /// which is not scored.
    /// </param>
    /// <param name="centers">The centers.</param>
    /// <param name="nearest">Takes, per sample, the class of the nearest center (nothing left out), -1 where it is not scored. May be
    /// null.</param>
    /// <param name="exact">Where given (the state that <paramref name="centers"/> were made of), decisions closer than the rounding bound
    /// are made in float64.</param>
    /// <param name="decided">
    /// Takes, per sample, the class that the rule decides for, the sample left out: the own one exactly where it is right; -1 for none, -2
    /// where not scored. May be null.
    /// </param>
    /// <param name="turns">
    /// Takes, per sample, the share at which a wrong decision turns (<see cref="LeaveOneOut"/>), infinity for a right one. May be null.
    /// </param>
    public static NccScore Score(
        FeatureRows features, int[] labels, ClassCenters centers, int[]? nearest = null, ClassStatistics? exact = null,
        int[]? decided = null, float[]? turns = null)
    {
        // With many classes the matrix product uses threads of its own.
        var parts = centers.Classes.Length <= FewClasses ? RowThreads.Parts(features) : 1;
        return parts == 1
            ? Score(features, labels, centers, nearest, exact, decided, turns, 0, features.Count)
            : ScoreInParts(features.Source!, parts, labels, centers, nearest, exact, decided, turns);
    }

    private static NccScore ScoreInParts(
        Tensor source, int parts, int[] labels, ClassCenters centers, int[]? nearest, ClassStatistics? exact, int[]? decided,
        float[]? turns)
    {
        var scores = new NccScore[parts];
        var count = source.size(0);
        TorchThreads.For(parts, part =>
        {
            var (begin, end) = ((int)(count * part / parts), (int)(count * (part + 1) / parts));
            scores[part] = Score(FeatureRows.View(source), labels, centers, nearest, exact, decided, turns, begin, end);
        });
        return new NccScore(scores.Sum(score => score.Scored), scores.Sum(score => score.Wrong), scores.Sum(score => score.Rescored));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static NccScore Score(
        FeatureRows features, int[] labels, ClassCenters centers, Span<int> nearest, ClassStatistics? exact, Span<int> decided,
        Span<float> turns, int begin, int end)
    {
        var total = default(NccScore);
        var count = centers.Classes.Length;
        var few = count <= FewClasses;
        var blockSize = few ? RowProducts.Rows : RowBlock;
        var rows = ArrayPool<float>.Shared.Rent(blockSize * centers.Stride);
        var products = ArrayPool<float>.Shared.Rent(RowProducts.Rows * FewClasses);
        var scored = ArrayPool<ScoredRow>.Shared.Rent(blockSize);
        try
        {
            // What lies behind the width of a row must be zero, as it is in the centers.
            rows.AsSpan().Clear();
            for (var start = begin; start < end; start += blockSize)
            {
                var block = scored.AsSpan(0, Math.Min(blockSize, end - start));
                for (var r = 0; r < block.Length; r++)
                {
                    var label = labels[start + r];
                    var norm = centers.Center(features, start + r, rows.AsSpan(r * centers.Stride));
                    block[r] = new ScoredRow(norm, (uint)label < (uint)centers.IndexOf.Length ? centers.IndexOf[label] : -1);
                }

                if (few)
                {
                    centers.Multiply(rows, products);
                    for (var r = 0; r < block.Length; r++)
                        block[r].Take(products.AsSpan(r * count, count), centers.SquaredNorms, 0);
                }
                else
                {
                    TakeProducts(rows, block, centers);
                }

                for (var r = 0; r < block.Length; r++)
                    if (labels[start + r] >= 0)
                        Decide(
                            features, start + r, block[r], rows.AsSpan(r * centers.Stride, centers.Stride), centers, exact, nearest,
                            decided, turns, ref total);
                    else
                        LeaveOut(start + r, nearest, decided);
            }

            return total;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rows);
            ArrayPool<float>.Shared.Return(products);
            ArrayPool<ScoredRow>.Shared.Return(scored);
        }
    }

    private static void TakeProducts(float[] rows, Span<ScoredRow> scored, ClassCenters centers)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var samples = frombuffer(rows, float32, (long)scored.Length * centers.Stride).reshape(scored.Length, centers.Stride);
        var all = frombuffer(centers.Values, float32).reshape(centers.Classes.Length, centers.Stride);
        for (var start = 0; start < centers.Classes.Length; start += ClassBlock)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(ClassBlock, centers.Classes.Length - start);
            var products = MemoryMarshal.Cast<byte, float>(samples.mm(all.narrow(0, start, count).t()).contiguous().bytes);
            for (var r = 0; r < scored.Length; r++)
                scored[r].Take(products.Slice(r * count, count), centers.SquaredNorms, start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decide(
        FeatureRows features, int row, in ScoredRow scored, ReadOnlySpan<float> centered, ClassCenters centers, ClassStatistics? exact,
        Span<int> nearest, Span<int> decided, Span<float> turns, ref NccScore total)
    {
        // Finite features above 1e19 have squares that float32 cannot hold.
        if (!float.IsFinite(scored.SquaredNorm) && (exact is null || !features.IsFinite(row)))
        {
            LeaveOut(row, nearest, decided);
            return;
        }

        var factor = scored.OwnIndex < 0 ? float.PositiveInfinity : centers.OwnFactors[scored.OwnIndex];
        var (right, winner) = scored.Decide(factor);
        var other = scored.OtherIndex;
        var turn = turns.IsEmpty || right ? 0 : scored.TurningShare(factor);
        var rescored = exact is not null && scored.IsClose(factor, centers);
        if (rescored)
        {
            var decision = ExactDistance.Decide(features, row, scored.OwnIndex, centers, exact!, centered, scored.Limit(centers));
            (right, winner, other) = (decision.Right, decision.Winner, decision.OtherIndex);
            turn = LeaveOneOut.TurningShare(decision.Own, decision.Other, factor);
        }

        if (!nearest.IsEmpty)
            nearest[row] = winner < 0 ? -1 : centers.Classes[winner];
        if (!decided.IsEmpty)
            decided[row] = right ? centers.Classes[scored.OwnIndex] : other < 0 ? -1 : centers.Classes[other];
        if (!turns.IsEmpty)
            turns[row] = right ? float.PositiveInfinity : turn;
        total = new NccScore(total.Scored + 1, total.Wrong + (right ? 0 : 1), total.Rescored + (rescored ? 1 : 0));
    }

    private static void LeaveOut(int row, Span<int> nearest, Span<int> decided)
    {
        if (!nearest.IsEmpty)
            nearest[row] = -1;
        if (!decided.IsEmpty)
            decided[row] = -2;
    }
}
