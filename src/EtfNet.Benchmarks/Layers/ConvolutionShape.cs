using System.Globalization;

namespace EtfNet.Benchmarks.Layers;

/// <summary>A 3 x 3 convolution of as many outputs as inputs, the side of its maps, and the batch.</summary>
public sealed record ConvolutionShape(LayerKind Kind, int Channels, int Side, int Batch)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} {Channels}, {Side} x {Side}, batch {Batch}");
}
