using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The measures of neural regression collapse: of a model's last features and of the linear layer that predicts n targets from them.
/// </summary>
/// <remarks>
/// <para>h are the features, d wide; <c>u = h/|h|</c>, samples with h = 0 are left out; W is the weight, n x d, and S the population
/// covariance of the targets. Source: Andriopoulos et al., NeurIPS 2024 (arXiv 2409.04180). Principal axes are those about the mean.</para>
/// <para>A number is null if it cannot be computed; <see cref="Missing"/> then says why.</para>
/// </remarks>
public sealed record RegressionMetrics
{
    /// <summary>Gets the mean of <c>|u - proj u|^2</c> on the n leading principal axes of the features, in [0, 1]; 0 at collapse.</summary>
    public double? Nrc1 { get; init; }

    /// <summary>Gets the mean of <c>|u - proj u|^2</c> on the span of the weight's rows, in [0, 1]; 0 at collapse.</summary>
    public double? Nrc2 { get; init; }

    /// <summary>
    /// Gets <c>|WW^T/|WW^T| - (S^(1/2) - g^(1/2) I)/|S^(1/2) - g^(1/2) I||^2</c> (Frobenius) for the best g, in [0, 4]; 0 at collapse.
    /// </summary>
    public double? Nrc3 { get; init; }

    /// <summary>Gets the g of <see cref="Nrc3"/>, from 0 to the least eigenvalue of S, in the units of a squared target.</summary>
    public double? Gamma { get; init; }

    /// <summary>Gets the number of samples.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of samples left out because a feature or a target was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the measures that have no number, each with the reason.</summary>
    public MissingMeasures Missing { get; init; } = new();

    /// <summary>Measures features, targets and weight in one call.</summary>
    /// <param name="features">Samples x d, of a floating type, on any device.</param>
    /// <param name="targets">Samples x n, of a floating type; (samples) is taken as n = 1.</param>
    /// <param name="weight">The last layer's weight, n x d; or null, without <see cref="Nrc2"/> and <see cref="Nrc3"/>.</param>
    /// <param name="centered">
    /// Whether u is <c>(h - mean)/|h - mean|</c>. The default is false, as in the paper; true suits features that are far from the origin,
    /// such as those after a ReLU, if a bias removes their mean.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="features"/> or <paramref name="targets"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// A tensor is not of the right shape or of a floating type, or the weight holds NaN or an infinity.
    /// </exception>
    public static RegressionMetrics Of(Tensor features, Tensor targets, Tensor? weight = null, bool centered = false)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        return Of([(features, targets)], weight, centered);
    }

    /// <summary>Measures features and targets that come in batches.</summary>
    /// <param name="batches">Features and targets. Enumerated twice; both times it must give the same samples, in any order.</param>
    /// <param name="weight">The last layer's weight, n x d; or null.</param>
    /// <param name="centered">Whether u is centered. The default is false.</param>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// There is no batch, or a tensor is not of the right shape or of a floating type, or the weight holds NaN or an infinity.
    /// </exception>
    public static RegressionMetrics Of(IEnumerable<(Tensor Features, Tensor Targets)> batches, Tensor? weight = null, bool centered = false)
    {
        ArgumentNullException.ThrowIfNull(batches);
        return new RegressionMeasurement(weight, centered).Measure(batches);
    }
}
