namespace EtfNet.Benchmarks.Layers;

/// <summary>A layer with as many outputs as inputs, its width, its batch, and for a 3 x 3 convolution the side of its maps.</summary>
public sealed record LayerShape(LayerKind Kind, int Width, int Batch, int Side = 1)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Width}, {(Side > 1 ? $"{Side} x {Side}, " : "")}batch {Batch}";
}
