namespace EtfNet;

/// <summary>How far each layer of a model has collapsed: what a monitor found in an epoch, or over given batches.</summary>
public sealed record CollapseReport
{
    /// <summary>Gets the layers in forward order.</summary>
    public required IReadOnlyList<LayerCollapse> Layers { get; init; }

    /// <summary>Gets whether means and errors are of one and the same network (two passes), or were gathered while it trained.</summary>
    public bool IsExact { get; init; }

    /// <summary>Gets the epoch, from 1; 0 in exact mode.</summary>
    public int Epoch { get; init; }

    /// <summary>Gets the number of forwards in training mode whose labels never came.</summary>
    public long UnlabeledForwards { get; init; }

    /// <summary>The layer of a name.</summary>
    /// <param name="layer">The path, as in <see cref="LayerCollapse.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No such layer is in the report.</exception>
    public LayerCollapse this[string layer] =>
        Layers.FirstOrDefault(entry => entry.Name == layer)
        ?? throw new KeyNotFoundException(
            $"No layer '{layer}' in the report; there are: {string.Join(", ", Layers.Select(entry => entry.Name))}.");

    /// <summary>The effective depth (Galanti et al., arXiv 2202.09028): the first layer from which all layers have an error of at most
    /// epsilon.</summary>
    /// <param name="epsilon">An error, in [0, 1).</param>
    /// <returns>
    /// The number of that layer in <see cref="Layers"/>, the first being 1; null where the last layer is above, or has no error yet.
    /// </returns>
    /// <remarks>Entries whose place is not known (<see cref="LayerCollapse.HasPlace"/>), as unused layers, take no part.</remarks>
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

    /// <summary>The report as a JSON object; properties in camel case, numbers that are missing null, infinite ones strings.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>The report as comma-separated values (RFC 4180), one line per layer; missing values are empty.</summary>
    /// <param name="heading">Whether the first line names the columns. Pass false to append to a file that has them.</param>
    /// <remarks>
    /// The first column is <see cref="Epoch"/>, which exact reports do not know: append <c>(report with { Epoch = epoch
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

    /// <summary>A table for people to read: one line a layer.</summary>
    public override string ToString() => ReportTable.Write(this);
}
