namespace EtfNet;

/// <summary>How far each layer of a model has collapsed, as a monitor measured it in an epoch or over given batches.</summary>
public sealed record CollapseReport
{
    /// <summary>Gets the layers in forward order.</summary>
    public required IReadOnlyList<LayerCollapse> Layers { get; init; }

    /// <summary>Gets whether means and errors are those of one fixed network (measured in two passes), instead of being gathered during
    /// training.</summary>
    public bool IsExact { get; init; }

    /// <summary>Gets the epoch, counted from 1; 0 in exact mode.</summary>
    public int Epoch { get; init; }

    /// <summary>Gets the number of training-mode forwards for which no labels were observed.</summary>
    public long UnlabeledForwards { get; init; }

    /// <summary>Gets the layer with a name.</summary>
    /// <param name="layer">The path, as in <see cref="LayerCollapse.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No such layer is in the report.</exception>
    public LayerCollapse this[string layer] =>
        Layers.FirstOrDefault(entry => entry.Name == layer)
        ?? throw new KeyNotFoundException(
            $"No layer '{layer}' in the report; there are: {string.Join(", ", Layers.Select(entry => entry.Name))}.");

    /// <summary>The effective depth (Galanti et al., arXiv 2202.09028): the first layer such that it and all later layers have an error of
    /// at most epsilon.</summary>
    /// <param name="epsilon">An error, in [0, 1).</param>
    /// <returns>
    /// The number of that layer in <see cref="Layers"/>, counted from 1; null if the last layer's error is above epsilon, or it has no
    /// error yet.
    /// </returns>
    /// <remarks>Entries whose place is not known (<see cref="LayerCollapse.HasPlace"/>), such as unused layers, are ignored.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is outside [0, 1).</exception>
    public int? EffectiveDepth(double epsilon)
    {
        if (epsilon is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Must lie in [0, 1).");
        int? depth = null;
        for (var layer = Layers.Count; layer > 0; layer--)
            if (!Layers[layer - 1].HasPlace)
                continue;
            else if (Layers[layer - 1].NccError <= epsilon)
                depth = layer;
            else
                break;
        return depth;
    }

    /// <summary>The report as a JSON object, with properties in camel case; missing numbers are null, and infinite numbers are
    /// strings.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>The report as comma-separated values (RFC 4180), one line per layer; missing values are empty.</summary>
    /// <param name="heading">Whether the first line names the columns. Pass false to append to a file that has them.</param>
    /// <remarks>
    /// The first column is <see cref="Epoch"/>. An exact report does not have an epoch of its own: append <c>(report with { Epoch = epoch
    /// }).ToCsv(false)</c>.
    /// </remarks>
    public string ToCsv(bool heading = true) => ReportCsv.Write(this, heading);

    /// <summary>Writes every number as a scalar <c>prefix/metric/layer</c> for TensorBoard.</summary>
    /// <param name="writer">The writer, from <c>torch.utils.tensorboard.SummaryWriter</c>.</param>
    /// <param name="step">The step or epoch to write them at.</param>
    /// <param name="prefix">The first part of the names. The default is <c>collapse</c>.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public void WriteTo(TorchSharp.Modules.SummaryWriter writer, int step, string prefix = "collapse")
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(prefix);
        foreach (var layer in Layers)
            foreach (var (metric, value) in ReportNumbers.Of(layer))
                writer.add_scalar($"{prefix}/{metric}/{(layer.Name.Length == 0 ? "model" : layer.Name)}", (float)value, step);
    }

    /// <summary>A table for people to read: one line per layer.</summary>
    public override string ToString() => ReportTable.Write(this);
}
