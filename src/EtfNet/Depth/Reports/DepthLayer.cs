namespace EtfNet;

/// <summary>The held-out accuracy of heads on one layer's features, and the cost of the network up to that layer.</summary>
public sealed record DepthLayer
{
    /// <summary>Gets the layer's path in the model, as <c>named_modules</c> writes it; empty for the model itself.</summary>
    public required string Name { get; init; }

    /// <summary>Gets where the features were taken and how they were pooled, as in <c>after BatchNorm1d, ReLU; spatial mean</c>.</summary>
    public required string FeaturePoint { get; init; }

    /// <summary>Gets the number of features after pooling; 0 if none was seen.</summary>
    public int Width { get; init; }

    /// <summary>Gets the number of training samples that the heads were fitted to.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of held-out samples that were scored.</summary>
    public long Samples { get; init; }

    /// <summary>Gets the number of samples, of both passes, left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the share of held-out samples that lie nearest to their own class's mean over the training data.</summary>
    /// <value>In [0, 1]; null where none was scored.</value>
    public double? CenterAccuracy { get; init; }

    /// <summary>Gets the share of held-out samples that the ridge head classifies correctly.</summary>
    /// <value>In [0, 1]; null where there is no head.</value>
    public double? RidgeAccuracy { get; init; }

    /// <summary>Gets the number of parameters of the network up to this layer, its norm included. A fixed weight counts as the matrix that
    /// it stands for.</summary>
    public long Parameters { get; init; }

    /// <summary>Gets the time of an evaluation forward up to these features, in microseconds per sample: the median over the held-out
    /// batches.</summary>
    /// <value>Null if the layer was never called. It is measured on the batches as given: larger batches take less time per sample.</value>
    public double? Microseconds { get; init; }

    /// <summary>Gets <see cref="Microseconds"/> as a share of the whole forward.</summary>
    public double? TimeShare { get; init; }

    /// <summary>Gets the ridge head; null if there is none.</summary>
    public DepthHead? Head { get; init; }

    /// <summary>Gets why the model cannot be cut behind this layer with this head, and what is possible; null if it can be cut.</summary>
    public string? CutObstacle { get; init; }

    /// <summary>Gets why there are no numbers, or what was wrong with some samples; null if nothing was wrong.</summary>
    public string? Reason { get; init; }
}
