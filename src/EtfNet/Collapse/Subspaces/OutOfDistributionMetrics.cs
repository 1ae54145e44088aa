using TorchSharp;

namespace EtfNet;

/// <summary>How nearly orthogonal the features of other data are to the class means of the training data (NC5).</summary>
public sealed record OutOfDistributionMetrics
{
    /// <summary>
    /// Gets the mean over classes of <c>|cos(m_c, m)|</c>, m the mean of the other data's features, none of them centered; 0 for orthogonal
    /// ones.
    /// </summary>
    /// <value>
    /// In [0, 1]; null if a mean is zero, and <see cref="Missing"/> says which. Source: Ben Ammar et al., ICLR 2024 (OrthoDev).
    /// </value>
    public double? Orthogonality { get; init; }

    /// <summary>Gets the number of samples of the other data.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the measures that have no number, each with the reason.</summary>
    public MissingMeasures Missing { get; init; } = new();

    /// <summary>Compares other data's features with class means.</summary>
    /// <param name="classes">The statistics of the training features.</param>
    /// <param name="features">
    /// The other data's features, samples x width, of a floating type. Samples with a NaN or infinite feature are left out.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The features are not a matrix of a floating type, or have another width.</exception>
    public static OutOfDistributionMetrics Of(ClassStatistics classes, torch.Tensor features)
    {
        ArgumentNullException.ThrowIfNull(classes);
        FeatureInput.Check(features, nameof(features), classes.Width);
        var other = new ClassStatistics(classes.Width, tracksScatter: false);
        using var converted = FeatureRows.Convert(features);
        other.Add(FeatureRows.View(converted ?? features), LabelGroups.Create(new int[features.shape[0]]));
        return Of(classes, other);
    }

    /// <summary>Compares other data's features, gathered in batches, with class means.</summary>
    /// <param name="classes">The statistics of the training features.</param>
    /// <param name="other">The statistics of the other data; its labels do not matter.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public static OutOfDistributionMetrics Of(ClassStatistics classes, ClassStatistics other)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(other);
        if (other.Width != classes.Width)
            throw new ArgumentException($"The other data's features have width {other.Width}; wanted {classes.Width}.", nameof(other));
        var result = new OutOfDistributionMetrics { Observed = other.Total };
        var present = PointSet.Present(classes);
        var sum = new double[other.Width];
        foreach (var c in PointSet.Present(other))
            RowKernels.AddScaled(other.Sum(c), 1, sum);
        var length = Math.Sqrt(RowKernels.SquaredNorm(sum));
        if (present.Length == 0 || length == 0)
        {
            var reason = present.Length == 0 ? "there is no training sample"
                : other.Total == 0 ? "there is no other sample"
                : "the other data's mean is zero";
            result.Missing.Add(reason, Name);
            return result;
        }

        var total = 0.0;
        foreach (var c in present)
        {
            var norm = Math.Sqrt(RowKernels.SquaredNorm(classes.Sum(c)));
            if (norm == 0)
            {
                result.Missing.Add($"class mean {c} is zero: it has no direction", Name);
                return result;
            }

            total += Math.Min(1, Math.Abs(RowKernels.Product(classes.Sum(c), sum)) / (norm * length));
        }

        return result with { Orthogonality = total / present.Length };
    }

    private const string Name = "orthogonality";
}
