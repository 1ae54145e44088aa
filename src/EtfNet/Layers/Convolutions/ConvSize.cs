using System.Globalization;

namespace EtfNet;

/// <summary>A size in rows and columns: of a kernel, a stride or a dilation. One number stands for both.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct ConvSize(long Height, long Width)
{
    /// <summary>The same number of rows and columns.</summary>
    /// <param name="both">Rows, and columns.</param>
    public static implicit operator ConvSize(long both) => new(both, both);

    /// <summary>Rows and columns.</summary>
    /// <param name="size">Rows, then columns, as TorchSharp has them.</param>
    public static implicit operator ConvSize((long Height, long Width) size) => new(size.Height, size.Width);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Height} x {Width}");
}
