namespace EtfNet;

/// <summary>Where the pieces of a loop over up to three dimensions begin, in elements: any strides, in 64 bits.</summary>
/// <param name="Middle">The size of the second dimension.</param>
/// <param name="Inner">The size of the third.</param>
/// <param name="OuterStride">The stride of the first.</param>
/// <param name="MiddleStride">Of the second.</param>
/// <param name="InnerStride">Of the third.</param>
internal readonly record struct Steps(long Middle, long Inner, long OuterStride, long MiddleStride, long InnerStride)
{
    /// <summary>The first element of a piece.</summary>
    public long this[long piece] => Middle == 1 && Inner == 1
        ? piece * OuterStride
        : piece / (Middle * Inner) * OuterStride + piece / Inner % Middle * MiddleStride + piece % Inner * InnerStride;
}
