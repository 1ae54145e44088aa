using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>What was measured in an epoch and what was done at its end. Immutable; <see cref="ToString"/> is a readable table.</summary>
public sealed record EtfReport
{
    private const int ShownNames = 3;

    /// <summary>Gets the number of epochs that have ended.</summary>
    public required int Epoch { get; init; }

    /// <summary>Gets all watched layers, in forward order.</summary>
    public required IReadOnlyList<EtfLayerReport> Layers { get; init; }

    /// <summary>Gets the layers that the scheduler has fixed, in the order in which it did. <see cref="Layers"/> says which others are
    /// fixed.</summary>
    public required IReadOnlyList<FixedLayer> FixedLayers { get; init; }

    /// <summary>How many of the layers are fixed, by the scheduler or before it.</summary>
    internal int FixedCount => Layers.Count(layer => layer.IsFixed);

    /// <summary>Gets the layers that were fixed at the end of this epoch.</summary>
    public required IReadOnlyList<FixedLayer> NewlyFixed { get; init; }

    /// <summary>Gets the layers that were reverted at the end of this epoch.</summary>
    public required IReadOnlyList<string> Reverted { get; init; }

    /// <summary>
    /// Gets the layers that cannot be fixed, each with the reason: layers without a frame or with a shared weight, grouped convolutions,
    /// the first convolution, layers left out by the options, embeddings, native composites.
    /// </summary>
    public required IReadOnlyList<SkippedLayer> Skipped { get; init; }

    /// <summary>Gets the number of weights of the layers that can be fixed or are fixed.</summary>
    public required long ParametersInReach { get; init; }

    /// <summary>Gets the number of all other parameters: those of <see cref="Skipped"/> and frozen layers, of normalizations, and
    /// biases.</summary>
    public required long ParametersOutOfReach { get; init; }

    /// <summary>Gets the effective depth at epsilon: the number, from 1, of the first layer from which all later ones have errors at or
    /// below epsilon.</summary>
    /// <value>Null where there is none. Source: Galanti et al., arXiv 2202.09028.</value>
    public required int? EffectiveDepth { get; init; }

    /// <summary>
    /// Gets the number of training-mode forwards of this epoch for which no labels were observed. They are not part of the measurements.
    /// </summary>
    public long UnlabeledForwards { get; init; }

    /// <summary>Gets notes about the epoch as a whole: safeguards that could not be used, and why.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Gets what was decided about the tail of the model, and the current cut.</summary>
    /// <value>Null with <see cref="TailPolicy.Keep"/>.</value>
    public EtfTailReport? Tail { get; init; }

    /// <summary>Gets the layer with a name.</summary>
    /// <param name="layer">The name, as in <see cref="EtfLayerReport.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No such layer is in the report.</exception>
    public EtfLayerReport this[string layer] =>
        Layers.FirstOrDefault(entry => entry.Name == layer)
        ?? throw new KeyNotFoundException(
            $"No layer '{layer}' in the report; there are: {string.Join(", ", Layers.Select(entry => entry.Name))}.");

    /// <summary>The report as comma-separated values (RFC 4180), one line per layer; missing values are empty.</summary>
    /// <param name="heading">Whether the first line names the columns. Pass false to append to a file that has them.</param>
    /// <remarks>The first column is <see cref="Epoch"/>.</remarks>
    public string ToCsv(bool heading = true) => EtfReportCsv.Write(this, heading);

    /// <summary>The report as a JSON object, with properties in camel case; missing numbers are null, and infinite numbers are
    /// strings.</summary>
    public string ToJson() => JsonText.Object(json => EtfReportJson.Write(json, this));

    /// <summary>
    /// Writes each layer's error and whether it is fixed as scalars <c>prefix/nccError/layer</c> and <c>prefix/isFixed/layer</c> for
    /// TensorBoard, and <c>prefix/fixedLayers</c> and <c>prefix/effectiveDepth</c> for the model.
    /// </summary>
    /// <param name="writer">The writer, from <c>torch.utils.tensorboard.SummaryWriter</c>.</param>
    /// <param name="step">The step or epoch to write them at.</param>
    /// <param name="prefix">The first part of the names. The default is <c>etf</c>.</param>
    /// <remarks>Errors that are missing, and a missing effective depth, are not written.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public void WriteTo(TorchSharp.Modules.SummaryWriter writer, int step, string prefix = "etf")
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(prefix);
        foreach (var layer in Layers)
        {
            var name = layer.Name.Length == 0 ? "model" : layer.Name;
            if (layer.NccError is { } error)
                writer.add_scalar($"{prefix}/nccError/{name}", (float)error, step);
            writer.add_scalar($"{prefix}/isFixed/{name}", layer.IsFixed ? 1 : 0, step);
        }

        writer.add_scalar($"{prefix}/fixedLayers", FixedCount, step);
        if (EffectiveDepth is { } depth)
            writer.add_scalar($"{prefix}/effectiveDepth", depth, step);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"epoch {Epoch}: {FixedCount} of {Layers.Count} layers fixed");
        if (EffectiveDepth is { } depth)
            text.Append(CultureInfo.InvariantCulture, $", effective depth {depth}");
        var width = Layers.Select(layer => Words.Layer(layer.Name).Length).DefaultIfEmpty(0).Max();
        foreach (var layer in Layers)
        {
            var error = layer.NccError is { } value ? value.ToString("0.0000", CultureInfo.InvariantCulture) : "   -  ";
            var name = Words.Layer(layer.Name).PadRight(width);
            var line = $"  {name}  NCC error {error}  {(layer.IsFixed ? "fixed" : "     ")}  {layer.Note}";
            text.AppendLine().Append(line.TrimEnd());
        }

        if (Tail is { Note.Length: > 0 } tail)
            text.AppendLine().Append("  ").Append(tail.Note);
        if (UnlabeledForwards > 0)
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"  {Words.Count(UnlabeledForwards, "training forward")} had no labels");
        foreach (var remark in Remarks)
            text.AppendLine().Append("  ").Append(remark);
        foreach (var group in Skipped.GroupBy(layer => layer.Reason))
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"  {Names(group)}: skipped, {group.Key} ({group.Sum(layer => layer.Parameters):N0} parameters)");
        var all = ParametersInReach + ParametersOutOfReach;
        if (Skipped.Count > 0)
            text.AppendLine().Append(CultureInfo.InvariantCulture,
                $"  {ParametersInReach:N0} of {all:N0} parameters are in reach ({(double)ParametersInReach / all:0.0%})");
        return text.ToString();
    }

    /// <summary>The names of layers that are skipped for one reason; of many, the first and how many more.</summary>
    private static string Names(IEnumerable<SkippedLayer> layers)
    {
        var names = layers.Select(layer => Words.Layer(layer.Name)).ToList();
        return names.Count <= ShownNames
            ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(ShownNames))} and {names.Count - ShownNames} more";
    }
}
