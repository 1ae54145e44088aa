using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Where one tap of a window falls on a map, along one side: position i meets pixel <c>Start + (i - First) Step</c>.</summary>
/// <param name="First">The first position that meets a pixel and no padding.</param>
/// <param name="Count">How many do.</param>
/// <param name="Start">The pixel that the first meets.</param>
/// <param name="Step">The stride.</param>
internal readonly record struct TapRange(long First, long Count, long Start, long Step)
{
    /// <param name="offset">The pixel that the tap meets at position 0; may lie outside.</param>
    /// <param name="stride">Of the positions.</param>
    /// <param name="positions">How many there are.</param>
    /// <param name="size">How many pixels there are.</param>
    public static TapRange Of(long offset, long stride, long positions, long size)
    {
        var first = offset < 0 ? (-offset + stride - 1) / stride : 0;
        var last = offset > size - 1 ? -1 : Math.Min(positions - 1, (size - 1 - offset) / stride);
        return new TapRange(first, Math.Max(0, last - first + 1), offset + (first * stride), stride);
    }

    /// <summary>The positions that meet pixels, of a map of positions.</summary>
    public Tensor OfPositions(Tensor map, int dimension) => map.narrow(dimension, First, Count);

    /// <summary>The pixels that they meet, of a map of pixels.</summary>
    public Tensor OfPixels(Tensor map, int dimension) => map.slice(dimension, Start, Start + ((Count - 1) * Step) + 1, Step);
}
