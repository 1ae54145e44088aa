using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Averages the gradients of a model over all ranks, in buckets.</summary>
/// <remarks>
/// Only parameters that require gradients are exchanged. A gradient that some ranks lack counts as zero there; one that all ranks lack
/// stays null, so that optimizers skip it as they would in one process. float16 and bfloat16 are summed in float32. One small sum per step
/// checks that all ranks train the same parameters.
/// </remarks>
internal sealed class GradientReducer : IDisposable
{
    public const long DefaultBucketBytes = 25 << 20;

    private const string Purpose = "average of gradients";
    private const int WeightAt = EqualityMoments.Length;
    private const int MissingAt = WeightAt + 1;
    private const int SquareAt = MissingAt + 1;

    private readonly ICollective _collective;
    private readonly long _bucketBytes;
    private readonly Dictionary<ScalarType, Tensor> _buckets = [];

    /// <param name="collective">The ranks.</param>
    /// <param name="bucketBytes">How many bytes are summed at once, from 8 to 1 GiB; the same on all ranks.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is out of range.</exception>
    public GradientReducer(ICollective collective, long bucketBytes = DefaultBucketBytes)
    {
        if (bucketBytes is < sizeof(double) or > 1 << 30)
            throw new ArgumentOutOfRangeException(nameof(bucketBytes), bucketBytes, "Must lie between 8 bytes and 1 GiB.");
        (_collective, _bucketBytes) = (collective, bucketBytes);
    }

    /// <summary>Whether unequal weights are refused, because something has already counted the ranks' losses equally. Asked only where
    /// they differ.</summary>
    public Func<bool>? RequiresEqualWeights { get; init; }

    /// <summary>Replaces every gradient by the weighted mean over the ranks.</summary>
    /// <param name="parameters">The model's parameters with their names, in the same order on all ranks.</param>
    /// <param name="weight">
    /// The weight of this rank's gradients, at least 0: where ranks have different numbers of samples, that number; 0 for a rank that has
    /// none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative or not finite.</exception>
    /// <exception cref="NotSupportedException">A parameter is not real, or a gradient is sparse. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">The weights of all ranks are 0. Nothing was changed.</exception>
    /// <exception cref="CollectiveException">
    /// The ranks train different parameters, and nothing was changed; or a rank is missing, has left or has failed, and some gradients may
    /// be averaged already.
    /// </exception>
    public GradientReduction Reduce(IEnumerable<(string Name, Tensor Parameter)> parameters, double weight = 1)
    {
        if (weight is not (>= 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(weight), weight, "Must be finite and at least 0.");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var gradients = parameters.Where(entry => entry.Parameter.requires_grad).DistinctBy(entry => entry.Parameter.Handle)
            .Select(entry => new RankGradient(entry.Name, entry.Parameter)).ToList();

        var (total, missing) = Compare(gradients, weight);
        if (total <= 0)
            throw new InvalidOperationException("The weights of all ranks are 0: there is nothing to average.");
        var present = missing > 0 ? Present(gradients) : [.. gradients.Select(_ => true)];

        var unused = gradients.Where((_, index) => !present[index]).Select(gradient => gradient.Name).ToList();
        var reduction = new GradientReduction(gradients.Count - unused.Count, 0, 0, unused);
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            var lengths = Enumerable.Range(0, gradients.Count).Where(index => present[index] && gradients[index].ReducedType == type)
                .Select(index => (index, gradients[index].Length));
            foreach (var pieces in BucketPlan.Cut(lengths, _bucketBytes / type.ElementSize()))
            {
                var bytes = Average(gradients, pieces, type, weight / total);
                reduction = reduction with { Buckets = reduction.Buckets + 1, Bytes = reduction.Bytes + bytes };
            }
        }

        return reduction;
    }

    public void Dispose()
    {
        foreach (var bucket in _buckets.Values)
            bucket.Dispose();
    }

    /// <summary>Checks that all ranks train the same parameters.</summary>
    /// <returns>The sum of the weights, and the number of gradients that ranks lack.</returns>
    private (double Weight, double Missing) Compare(List<RankGradient> gradients, double weight)
    {
        List<NamedFingerprint> own = [.. gradients.Select(gradient => new NamedFingerprint(gradient.Name, 0, gradient.Form))];
        var head = new double[SquareAt + 1];
        EqualityMoments.Write(RankAgreement.Whole(own), head);
        (head[WeightAt], head[MissingAt], head[SquareAt]) = (weight, gradients.Count(gradient => gradient.IsMissing), weight * weight);
        _collective.Sum(head, Purpose);
        if (!EqualityMoments.AreEqual(head, _collective.Size))
            throw RankAgreement.Difference(_collective, own, "trainable parameters");
        var square = head[WeightAt] * head[WeightAt];
        if (head[SquareAt] * _collective.Size - square > 1e-9 * square && RequiresEqualWeights?.Invoke() == true)
            throw new InvalidOperationException(
                $"The ranks' weights differ (here {weight}), but their batch norms are synchronized for equal weights: give "
                + "SynchronizeBatchNorm weightedBySamples: true.");
        return (head[WeightAt], head[MissingAt]);
    }

    /// <summary>Whether any rank has a gradient, for each parameter.</summary>
    private bool[] Present(List<RankGradient> gradients)
    {
        double[] counts = [.. gradients.Select(gradient => gradient.IsMissing ? 0.0 : 1.0)];
        _collective.Sum(counts, Purpose);
        return [.. counts.Select(count => count > 0)];
    }

    private long Average(List<RankGradient> gradients, IReadOnlyList<BucketPiece> pieces, ScalarType type, double share)
    {
        var values = Bucket(type, pieces.Sum(piece => piece.Length));
        foreach (var (piece, target) in Places(values, pieces))
            gradients[piece.Tensor].Read(piece, target);
        // A rank without samples counts for nothing, whatever its gradients hold.
        if (share > 0)
            values.mul_(share);
        else
            values.zero_();

        if (type == ScalarType.Float32)
            _collective.Sum(MemoryMarshal.Cast<byte, float>(values.bytes), Purpose);
        else
            _collective.Sum(MemoryMarshal.Cast<byte, double>(values.bytes), Purpose);
        foreach (var (piece, source) in Places(values, pieces))
            gradients[piece.Tensor].Write(piece, source);
        return values.NumberOfElements * type.ElementSize();
    }

    private static IEnumerable<(BucketPiece Piece, Tensor Values)> Places(Tensor values, IReadOnlyList<BucketPiece> pieces)
    {
        var start = 0L;
        foreach (var piece in pieces)
        {
            yield return (piece, values.slice(0, start, start + piece.Length, 1));
            start += piece.Length;
        }
    }

    /// <summary>Memory of the CPU for so many values, kept for the next step.</summary>
    private Tensor Bucket(ScalarType type, long length)
    {
        if (_buckets.TryGetValue(type, out var bucket) && bucket.shape[0] >= length)
            return bucket.slice(0, 0, length, 1);
        bucket?.Dispose();
        _buckets[type] = bucket = empty(length, dtype: type).DetachFromDisposeScope();
        return bucket.slice(0, 0, length, 1);
    }
}
