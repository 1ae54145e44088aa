namespace EtfNet;

/// <summary>How deep a network needs to be: the accuracy on held-out data of heads on each of its layers.</summary>
/// <remarks>
/// Layers after the point where the accuracy stops rising add nothing. Train a network of that depth next time, cut this one there, or use
/// early exit there. Sources: Galanti et al., arXiv 2202.09028 (effective depth); Masarczyk et al., NeurIPS 2023 (the tunnel effect).
/// </remarks>
public sealed record DepthReport
{
    // Accuracies are quotients of whole numbers: a difference of less than one sample is rounding.
    private const double Rounding = 1e-9;

    /// <summary>Gets the layers in forward order.</summary>
    public required IReadOnlyList<DepthLayer> Layers { get; init; }

    /// <summary>Gets the held-out accuracy of the model itself; null if it is not known which of its outputs are class scores.</summary>
    public double? ModelAccuracy { get; init; }

    /// <summary>Gets the number of parameters of the whole model. Fixed weights count as the matrices that they stand for.</summary>
    public long Parameters { get; init; }

    /// <summary>Gets the time of a whole evaluation forward in microseconds per sample, the median over the held-out batches.</summary>
    public double Microseconds { get; init; }

    /// <summary>Gets the number of labeled samples, or positions, of the training data.</summary>
    public long TrainingSamples { get; init; }

    /// <summary>Gets the number of labeled samples, or positions, of the held-out data.</summary>
    public long HeldOutSamples { get; init; }

    /// <summary>Gets K, the number of classes.</summary>
    public int ClassCount { get; init; }

    /// <summary>Gets the accuracy that <see cref="ShallowestCut"/> may lose, as in <see cref="DepthOptions.Tolerance"/>.</summary>
    public double Tolerance { get; init; }

    /// <summary>
    /// Gets the first layer behind which the model can be cut with a loss of accuracy of at most <see cref="Tolerance"/>; null if there is
    /// none.
    /// </summary>
    public DepthLayer? ShallowestCut => FindCut(Tolerance);

    /// <summary>Gets the layer with a name.</summary>
    /// <param name="layer">The path, as in <see cref="DepthLayer.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No such layer is in the report.</exception>
    public DepthLayer this[string layer] =>
        Layers.FirstOrDefault(entry => entry.Name == layer)
        ?? throw new KeyNotFoundException(
            $"No layer '{layer}' in the report; there are: {string.Join(", ", Layers.Select(entry => entry.Name))}.");

    /// <summary>
    /// The effective depth (Galanti et al., arXiv 2202.09028) on held-out data: the first layer such that it and all later layers have a
    /// nearest-center error, measured with training centers, of at most epsilon.
    /// </summary>
    /// <param name="epsilon">An error, in [0, 1).</param>
    /// <returns>The number of that layer in <see cref="Layers"/>, counted from 1; null if the last layer's error is above
    /// epsilon.</returns>
    /// <remarks>Layers that were never called are ignored.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is outside [0, 1).</exception>
    public int? EffectiveDepth(double epsilon)
    {
        if (epsilon is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Must lie in [0, 1).");
        int? depth = null;
        for (var layer = Layers.Count; layer > 0; layer--)
            if (Layers[layer - 1].Width == 0)
                continue;
            else if (1 - Layers[layer - 1].CenterAccuracy <= epsilon + Rounding)
                depth = layer;
            else
                break;
        return depth;
    }

    /// <summary>Finds the shallowest cut within a tolerance: the first layer whose ridge head has at most that much less accuracy than the
    /// model.</summary>
    /// <param name="tolerance">A share of the held-out samples, in [0, 1).</param>
    /// <returns>The layer; null if no head is within the tolerance, or if the model cannot be cut behind any layer whose head is.</returns>
    /// <remarks>
    /// If the model's own accuracy is not known, that of the last layer's head is used. The heads are not trained further: a cut made
    /// during training, or a network of that depth trained from scratch, does better.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tolerance"/> is outside [0, 1).</exception>
    public DepthLayer? FindCut(double tolerance)
    {
        if (tolerance is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "Must lie in [0, 1).");
        return (ModelAccuracy ?? Layers.LastOrDefault(layer => layer.RidgeAccuracy is not null)?.RidgeAccuracy) is { } wanted
            ? Layers.FirstOrDefault(
                layer => layer.CutObstacle is null && layer.Head is not null && layer.RidgeAccuracy >= wanted - tolerance - Rounding)
            : null;
    }

    /// <summary>The report as a JSON object, with properties in camel case; missing numbers are null.</summary>
    public string ToJson() => DepthJson.Write(this);

    /// <summary>
    /// The report as comma-separated values (RFC 4180) with a heading line and one line per layer; missing values are empty.
    /// </summary>
    public string ToCsv() => DepthCsv.Write(this);

    /// <summary>A table for people to read: one line per layer.</summary>
    public override string ToString() => DepthTable.Write(this);
}
