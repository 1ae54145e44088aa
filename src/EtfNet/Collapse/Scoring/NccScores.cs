using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Samples scored against class centers, batch by batch: the nearest-class-center error, whole and per class, the confusion of centers,
/// NC4, and NC1.
/// </summary>
/// <remarks>
/// The centers are finished <see cref="ClassStatistics"/>. <see cref="Within"/> scores the same samples as in the centers, each left out of
/// the center of its own class. <see cref="Against"/> scores other samples, such as test features against training centers, and leaves
/// nothing out. Distances are Euclidean and computed with float32 products; decisions closer than float32 rounding are made in float64. A
/// sample of a class without a center counts as wrong; a class without a center is never nearest. Use one thread at a time.
/// </remarks>
public sealed class NccScores : IDisposable
{
    private readonly ClassStatistics _centersOf;
    private readonly ClassCenters _centers;
    private readonly PseudoInverseVariability? _variability;
    private readonly ClassTally? _tally;
    private readonly MeanRefinement? _refinement;
    private NccScore _score;

    /// <param name="centers">The centers.</param>
    /// <param name="leaveOneOut">Whether a sample is left out of its own class's center.</param>
    /// <param name="metrics">Which measures are gathered beside the error.</param>
    /// <param name="isOwn">Whether the samples are those that the centers are made of.</param>
    internal NccScores(ClassStatistics centers, bool leaveOneOut, CollapseMetricSet metrics, bool isOwn = true)
    {
        _centersOf = centers;
        LeavesOneOut = leaveOneOut;
        _centers = ClassCenters.Create(centers, leaveOneOut);
        _variability = metrics.HasFlag(CollapseMetricSet.PseudoInverse) ? PseudoInverseVariability.Create(centers) : null;
        _tally = metrics.HasFlag(CollapseMetricSet.ClassErrors) ? new ClassTally() : null;
        var readsMeans = (metrics & ~(CollapseMetricSet.Agreement | CollapseMetricSet.ClassErrors)) != 0;
        _refinement = isOwn && readsMeans ? new MeanRefinement(centers) : null;
    }

    /// <summary>Gets whether a sample is left out of its own class's center.</summary>
    public bool LeavesOneOut { get; }

    /// <summary>
    /// Gets the share of scored samples that lie nearer to another class's center than to their own; null if none was scored.
    /// </summary>
    /// <value>In [0, 1].</value>
    public double? Error => Samples > 0 ? (double)Wrong / Samples : null;

    /// <summary>Gets the 95% confidence interval of <see cref="Error"/> (Wilson 1927); null if there is no error.</summary>
    public ErrorInterval? Interval => Samples > 0 ? Wilson.Interval(Wrong, Samples) : null;

    /// <summary>Gets the number of samples scored.</summary>
    public long Samples => _score.Scored;

    /// <summary>Gets the number of samples that lie nearer to another class's center.</summary>
    public long Wrong => _score.Wrong;

    /// <summary>Gets the number of samples left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; private set; }

    /// <summary>Gets the number of samples whose nearest center was compared with a prediction.</summary>
    public long Compared { get; private set; }

    /// <summary>Gets the number of samples whose nearest center, nothing left out, is not the class that the logits predict.</summary>
    public long Differing { get; private set; }

    /// <summary>
    /// Gets <see cref="Differing"/> as a share of <see cref="Compared"/> (NC4; Papyan, Han, Donoho 2020); null if no logits were given.
    /// </summary>
    public double? Nc4Mismatch => Compared > 0 ? (double)Differing / Compared : null;

    /// <summary>
    /// Gets NC1, <c>tr(Sw pinv(Sb)) / P</c>, Sw over the scored samples about their class's center, Sb of the centers; null if there is
    /// none.
    /// </summary>
    public double? Nc1 => _variability?.ValueOf(_centersOf, _refinement);

    /// <summary>Gets the number of directions that the pseudo-inverse in <see cref="Nc1"/> used.</summary>
    public int? Nc1Rank => _variability?.Rank;

    /// <summary>Gets the errors by class and the confusion of centers so far, a snapshot.</summary>
    public ClassErrors ClassErrors => _tally?.Snapshot() ?? new ClassErrors([], [], []);

    /// <summary>
    /// Scores the same samples as in the centers: each is left out of the center of its own class, and the only sample of a class counts as
    /// wrong.
    /// </summary>
    /// <param name="statistics">The statistics of the same samples, with at least one. Must not change while this object is used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="statistics"/> is null.</exception>
    /// <exception cref="ArgumentException">The statistics have no sample.</exception>
    public static NccScores Within(ClassStatistics statistics) => Create(statistics, leaveOneOut: true, nameof(statistics));

    /// <summary>Scores samples against given centers, nothing left out: test features against the centers of the training set.</summary>
    /// <param name="centers">The statistics of other samples, with at least one. Must not change while this object is used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="centers"/> is null.</exception>
    /// <exception cref="ArgumentException">The statistics have no sample.</exception>
    public static NccScores Against(ClassStatistics centers) => Create(centers, leaveOneOut: false, nameof(centers));

    /// <summary>Scores a batch.</summary>
    /// <param name="features">
    /// Samples x width, of a floating type, on any device. A sample with a NaN or infinite feature is left out.
    /// </param>
    /// <param name="labels">Class indices, int64 or int32, one per sample, on any device.</param>
    /// <param name="logits">
    /// Samples x classes, on any device, for <see cref="Nc4Mismatch"/>; or null. Rows with NaN or infinite logits are not compared.
    /// </param>
    /// <returns>The number of samples left out.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="features"/> or <paramref name="labels"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// Features or logits are not a matrix of the right shape and of a floating type, or the labels are not class indices, one per sample.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A label is negative, not below the number of logit columns, or above 1,048,575.
    /// </exception>
    public long Add(Tensor features, Tensor labels, Tensor? logits = null)
    {
        FeatureInput.Check(features, nameof(features), _centers.Width);
        FeatureInput.CheckRows(labels, nameof(labels), features.shape[0]);
        if (logits is not null)
            FeatureInput.CheckLogits(logits, features.shape[0]);
        var groups = LabelGroups.Create(LabelReader.Read(labels, (int?)logits?.shape[1]));
        using var converted = FeatureRows.Convert(features);
        return Add(converted ?? features, groups, logits is null ? [] : FeatureInput.Predictions(logits));
    }

    /// <summary>Adds the scores of another object against the same centers.</summary>
    /// <param name="other">Scores of the same kind, against centers of the same width and counts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <exception cref="ArgumentException">The other object has different centers, or measures something else.</exception>
    public void Merge(NccScores other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.LeavesOneOut != LeavesOneOut)
            throw new ArgumentException("One leaves samples out of their own center and the other does not.", nameof(other));
        if (other._tally is null != _tally is null || other._variability is null != _variability is null)
            throw new ArgumentException("The two do not measure the same.", nameof(other));
        CheckSameCenters(other._centersOf);

        Count(other._score);
        NonFinite += other.NonFinite;
        Compared += other.Compared;
        Differing += other.Differing;
        _tally?.Merge(other._tally!);
        _variability?.Merge(other._variability!);
        _refinement?.Merge(other._refinement!);
    }

    /// <summary>Frees the native memory that NC1 needs.</summary>
    public void Dispose() => _variability?.Dispose();

    /// <summary>How many decisions were closer than the rounding of float32 distances, and were made in float64.</summary>
    internal long Rescored => _score.Rescored;

    /// <summary>The corrections of the centers, if these are the samples that they are made of.</summary>
    internal MeanRefinement? Refinement => _refinement;

    /// <summary>
    /// Scores features that are known to be right, in the form that <see cref="FeatureRows.View(Tensor)"/> wants; gives the number left
    /// out.
    /// </summary>
    internal long Add(Tensor features, LabelGroups groups, ReadOnlySpan<int> predictions)
    {
        var labels = groups.Labels;
        var nearest = predictions.IsEmpty ? null : new int[labels.Length];
        var decided = _tally is null ? null : new int[labels.Length];
        var score = NearestClassCenter.Score(FeatureRows.View(features), labels, _centers, nearest, _centersOf, decided);
        Count(score);
        NonFinite += groups.Labeled - score.Scored;
        for (var i = 0; i < nearest?.Length; i++)
            if (nearest[i] >= 0 && predictions[i] >= 0)
            {
                Compared++;
                Differing += nearest[i] == predictions[i] ? 0 : 1;
            }

        for (var i = 0; i < decided?.Length; i++)
            if (decided[i] > -2)
                _tally!.Add(labels[i], decided[i] == labels[i], decided[i]);
        _variability?.Add(features, labels);
        _refinement?.Add(FeatureRows.View(features), groups);
        return groups.Labeled - score.Scored;
    }

    private void Count(NccScore score) =>
        _score = new NccScore(_score.Scored + score.Scored, _score.Wrong + score.Wrong, _score.Rescored + score.Rescored);

    private static NccScores Create(ClassStatistics statistics, bool leaveOneOut, string name)
    {
        ArgumentNullException.ThrowIfNull(statistics, name);
        if (statistics.Total == 0)
            throw new ArgumentException("The statistics have no sample: there is no center to score against.", name);
        return new NccScores(statistics, leaveOneOut, CollapseMetricSet.PseudoInverse | CollapseMetricSet.ClassErrors, isOwn: leaveOneOut);
    }

    private void CheckSameCenters(ClassStatistics other)
    {
        if (other.Width != _centersOf.Width)
            throw new ArgumentException($"The other's centers have width {other.Width}; wanted {_centersOf.Width}.", nameof(other));
        for (var c = 0; c < Math.Max(other.ClassCount, _centersOf.ClassCount); c++)
            if (other.Count(c) != _centersOf.Count(c))
                throw new ArgumentException(
                    $"The other's center of class {c} is of {Words.Count(other.Count(c), "sample")}; wanted {_centersOf.Count(c)}.",
                    nameof(other));
    }
}
