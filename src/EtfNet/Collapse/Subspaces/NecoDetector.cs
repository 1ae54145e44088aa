using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Distinguishes samples of the training distribution from others by the share of a feature's length that lies in the leading principal
/// subspace of the training features.
/// </summary>
/// <remarks>
/// <para><c>NECO(h) = |P h| / |h|</c>, P the projection on the leading principal axes, in [0, 1]: near 1 in distribution, near 0 where
/// features are orthogonal to the collapsed classes (NC5). If logits are given, the score is multiplied by the greatest logit, as the paper
/// does for most networks.</para>
/// <para>Source: Ben Ammar et al., ICLR 2024, equation 6. Axes are those of the covariance of the features about their mean. Scored
/// features are not centered, as in the equation, unless features are standardized, which centers both. Fitting and scoring are in float64
/// on the CPU. The detector is immutable and thread-safe.</para>
/// </remarks>
public sealed class NecoDetector
{
    private readonly double[] _axes;
    private readonly double[] _mean;
    private readonly double[] _scale;

    private NecoDetector(double[] axes, double[] mean, double[] scale, int dimensions, bool isStandardized, double share)
    {
        (_axes, _mean, _scale, Dimensions, IsStandardized, VarianceShare) = (axes, mean, scale, dimensions, isStandardized, share);
    }

    /// <summary>Gets the number of features.</summary>
    public int Width => _mean.Length;

    /// <summary>Gets the number of principal axes.</summary>
    public int Dimensions { get; }

    /// <summary>Gets whether each feature is first scaled to mean 0 and variance 1.</summary>
    public bool IsStandardized { get; }

    /// <summary>Gets the share of the variance of the training features that the axes contain, in [0, 1].</summary>
    public double VarianceShare { get; }

    /// <summary>Fits the axes to training features.</summary>
    /// <param name="features">
    /// Samples x width, of a floating type, on any device. Samples with a NaN or infinite feature are left out.
    /// </param>
    /// <param name="dimensions">
    /// The number of axes, from 1 to the width; the number of classes is a good choice if features have collapsed.
    /// </param>
    /// <param name="standardize">
    /// Whether to standardize each feature first, by its population variance (a constant one by 1). The default is true.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="features"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The features are not a matrix of a floating type, have fewer than two finite samples, or all their samples are the same.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> does not lie in [1, width].</exception>
    public static NecoDetector Fit(Tensor features, int dimensions, bool standardize = true)
    {
        ArgumentNullException.ThrowIfNull(features);
        return Fit([features], dimensions, standardize);
    }

    /// <summary>Fits the axes to training features that come in batches.</summary>
    /// <param name="batches">Matrices of samples x width. Enumerated once.</param>
    /// <param name="dimensions">The number of axes, from 1 to the width.</param>
    /// <param name="standardize">Whether to standardize each feature first. The default is true.</param>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// A batch is not a matrix of a floating type, or there are fewer than two finite samples, or all samples are the same.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> does not lie in [1, width].</exception>
    public static NecoDetector Fit(IEnumerable<Tensor> batches, int dimensions, bool standardize = true)
    {
        ArgumentNullException.ThrowIfNull(batches);
        PrincipalAxes? gathered = null;
        foreach (var batch in batches)
        {
            FeatureInput.Check(batch, nameof(batches), gathered?.Width);
            if (dimensions < 1 || dimensions > batch.shape[1])
                throw new ArgumentOutOfRangeException(
                    nameof(dimensions), dimensions, $"Must lie in [1, {batch.shape[1]}], the width of the features.");
            using var scope = NewDisposeScope();
            var rows = batch.detach();
            (gathered ??= new PrincipalAxes((int)batch.shape[1])).Add(rows.index_select(0, rows.isfinite().all(1).nonzero().view(-1)));
        }

        if (gathered is not { Count: >= 2 })
            throw new ArgumentException(
                "There are fewer than two samples with finite features: there are no axes to find.", nameof(batches));
        return Fit(gathered, dimensions, standardize);
    }

    /// <summary>Scores samples.</summary>
    /// <param name="features">Samples x <see cref="Width"/>, of a floating type, on any device.</param>
    /// <param name="logits">Samples x classes, the greatest of which multiplies the score; or null.</param>
    /// <returns>
    /// A score per sample, higher in distribution, as a new float64 tensor on the CPU, of the current dispose scope. 0 for a sample with
    /// NaN or infinite features or logits, and for one without a direction.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="features"/> is null.</exception>
    /// <exception cref="ArgumentException">Features or logits are not a matrix of the right shape and of a floating type.</exception>
    public Tensor Score(Tensor features, Tensor? logits = null)
    {
        FeatureInput.Check(features, nameof(features), Width);
        if (logits is not null)
            FeatureInput.CheckLogits(logits, features.shape[0]);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = features.detach().cpu().to(float64);
        if (IsStandardized)
            rows = (rows - tensor(_mean)) / tensor(_scale);
        var scores = rows.mm(HostTensor.Of(_axes, Width, Dimensions)).norm(1) / rows.norm(1);
        if (logits is not null)
            scores = scores * logits.detach().cpu().to(float64).amax([1L]);
        return scores.nan_to_num(0, 0, 0).MoveToOuterDisposeScope();
    }

    private static NecoDetector Fit(PrincipalAxes gathered, int dimensions, bool standardize)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var root = gathered.Root();
        var deviation = root.norm(0) / Math.Sqrt(gathered.Count);
        // A deviation that is only the rounding of the mean counts as none.
        var constant = deviation <= tensor(gathered.Mean()).abs() * 1e-14;
        var scale = standardize ? where(constant, ones_like(deviation), deviation) : ones_like(deviation);
        var (_, singular, directions) = linalg.svd(where(constant, zeros_like(root), root) / scale, fullMatrices: false);
        var energy = singular.square();
        if (energy.sum().item<double>() == 0)
            throw new ArgumentException("All samples are the same: there are no axes to find.");
        // With fewer samples than axes, the remaining axes are zero.
        var taken = Math.Min(dimensions, (int)singular.shape[0]);
        var share = energy.narrow(0, 0, taken).sum().item<double>() / energy.sum().item<double>();
        var axes = zeros(gathered.Width, dimensions, dtype: float64);
        axes.narrow(1, 0, taken).copy_(directions.narrow(0, 0, taken).t());
        return new NecoDetector(Values(axes), gathered.Mean(), Values(scale), dimensions, standardize, Math.Min(1, share));
    }

    private static double[] Values(Tensor values) => MemoryMarshal.Cast<byte, double>(values.contiguous().bytes).ToArray();
}
