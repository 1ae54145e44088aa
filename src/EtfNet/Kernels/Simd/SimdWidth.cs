namespace EtfNet;

/// <summary>The vectors that kernels run on, by their bits.</summary>
internal enum SimdWidth
{
    /// <summary>One number at a time.</summary>
    Plain = 0,

    /// <summary>128 bits.</summary>
    Bits128 = 128,

    /// <summary>256 bits.</summary>
    Bits256 = 256,

    /// <summary>512 bits.</summary>
    Bits512 = 512,
}
