using System.Globalization;

namespace EtfNet.Benchmarks.Layers;

/// <summary>A layer, its width and its batch.</summary>
public sealed record LayerShape(LayerKind Kind, int Width, int Batch)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} {Width}, batch {Batch}");
}
