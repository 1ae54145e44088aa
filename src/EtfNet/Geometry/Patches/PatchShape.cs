using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The patches of a convolution, and the order in which a frame sees their <c>d = Channels Height Width</c> numbers.</summary>
/// <remarks>
/// Frame order: the center taps (row <c>floor(Height/2)</c>, column <c>floor(Width/2)</c>) of channels 0 to C - 1, then the other taps row
/// by row, all channels of each. So the leading numbers of a patch are the pixel in its middle. A kernel over sequences has the height 1.
/// </remarks>
internal readonly record struct PatchShape(long Channels, long Height, long Width)
{
    public long Taps => Height * Width;

    public long Size => Channels * Taps;

    /// <summary>The tap in the middle, counted row by row.</summary>
    private long Center => (Height / 2 * Width) + (Width / 2);

    /// <summary>The patches of a kernel.</summary>
    /// <param name="kernel">(K, C, height, width), or (K, C, width).</param>
    /// <exception cref="ArgumentException">It is no kernel.</exception>
    public static PatchShape Of(Tensor kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return kernel.dim() is 3 or 4 && kernel.numel() > 0
            ? new PatchShape(kernel.shape[1], kernel.dim() == 3 ? 1 : kernel.shape[2], kernel.shape[^1])
            : throw new ArgumentException(
                $"A kernel has the shape (K, C, height, width) or (K, C, width), not {TensorCheck.Shape(kernel)}.", nameof(kernel));
    }

    /// <summary>Row and column of a tap, by its place in frame order.</summary>
    public (long Row, long Column) Tap(long place)
    {
        var tap = Order(place);
        return (tap / Width, tap % Width);
    }

    /// <summary>A kernel as the matrix that a frame is.</summary>
    /// <param name="kernel">(K, Channels, Height, Width), or (K, Channels, Width).</param>
    /// <returns>K x d, columns in frame order, of the current scope.</returns>
    public Tensor ToMatrix(Tensor kernel)
    {
        using var scope = NewDisposeScope();
        var taps = kernel.reshape(kernel.shape[0], Channels, Taps).transpose(1, 2);
        return taps.index_select(1, Places(Order, kernel.device)).reshape(kernel.shape[0], Size).MoveToOuterDisposeScope();
    }

    /// <summary>The way back from <see cref="ToMatrix"/>; a matrix of fewer columns has zeros in the others.</summary>
    /// <param name="matrix">K x d, or fewer columns.</param>
    /// <returns>(K, Channels, Height, Width), of the current scope, with the strides of a new tensor: those of a permuted one would make
    /// outputs channels-last where a size is 1.</returns>
    public Tensor ToKernel(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var rows = matrix.shape[0];
        var taps = nn.functional.pad(matrix, (0, Size - matrix.shape[1])).reshape(rows, Taps, Channels);
        var kernel = taps.index_select(1, Places(Place, matrix.device)).view(rows, Height, Width, Channels).permute(0, 3, 1, 2);
        return kernel.reshape(-1).view(rows, Channels, Height, Width).MoveToOuterDisposeScope();
    }

    /// <summary>Channels, height and width, as a layer's state has them.</summary>
    public long[] ToNumbers() => [Channels, Height, Width];

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Channels} x {Height} x {Width}");

    private Tensor Places(Func<long, long> order, Device device)
    {
        var places = new long[Taps];
        for (long i = 0; i < places.Length; i++)
            places[i] = order(i);
        return tensor(places, device: device);
    }

    /// <summary>The tap at a place.</summary>
    private long Order(long place) => place == 0 ? Center : place <= Center ? place - 1 : place;

    /// <summary>The place of a tap.</summary>
    private long Place(long tap) => tap == Center ? 0 : tap < Center ? tap + 1 : tap;
}
