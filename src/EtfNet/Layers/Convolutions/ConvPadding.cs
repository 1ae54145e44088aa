using System.Globalization;
using TorchSharp;

namespace EtfNet;

/// <summary>The padding of a convolution: rows and columns added on each side, or "same", which keeps the size of a map.</summary>
/// <remarks>The default is none, which is <see cref="Padding.Valid"/>. One number stands for rows and columns.</remarks>
public readonly record struct ConvPadding
{
    /// <summary>Makes a padding of given numbers of rows and columns.</summary>
    /// <param name="height">Rows on each side, at least 0.</param>
    /// <param name="width">Columns on each side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public ConvPadding(long height, long width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        (Height, Width) = (height, width);
    }

    /// <summary>Gets the rows on each side; 0 for "same", where they follow from the kernel.</summary>
    public long Height { get; }

    /// <summary>Gets the columns on each side; 0 for "same".</summary>
    public long Width { get; }

    /// <summary>Gets whether the padding keeps the size of a map: <c>dilation (kernel - 1)</c> in all, an odd one at the end. Stride 1
    /// only.</summary>
    public bool IsSame { get; private init; }

    /// <summary>The same number of rows and columns on each side.</summary>
    /// <param name="both">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static implicit operator ConvPadding(long both) => new(both, both);

    /// <summary>Rows and columns on each side.</summary>
    /// <param name="size">Rows, then columns, each at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static implicit operator ConvPadding((long Height, long Width) size) => new(size.Height, size.Width);

    /// <summary>The padding that a name of TorchSharp's stands for.</summary>
    /// <param name="padding"><see cref="Padding.Valid"/>: none; <see cref="Padding.Same"/>: as much as keeps the size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public static implicit operator ConvPadding(Padding padding) => padding switch
    {
        Padding.Valid => default,
        Padding.Same => new ConvPadding { IsSame = true },
        _ => throw new ArgumentOutOfRangeException(nameof(padding), padding, "Unknown padding: give Valid, Same, or numbers."),
    };

    /// <inheritdoc/>
    public override string ToString() => IsSame ? "same" : string.Create(CultureInfo.InvariantCulture, $"{Height} x {Width}");
}
