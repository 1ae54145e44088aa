using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>How a kernel moves over maps: which patches there are.</summary>
/// <param name="Patch">What one patch holds.</param>
/// <param name="Dimensions">2 for maps (N, C, rows, columns), 1 for sequences (N, C, columns).</param>
/// <param name="Stride">Steps, at least 1.</param>
/// <param name="Dilation">Distances of neighboring taps, at least 1.</param>
/// <param name="Before">Padding before the first row and column; negative: so many are cut off.</param>
/// <param name="After">Padding behind the last.</param>
/// <param name="Mode">What the padding holds.</param>
internal sealed record PatchWindow(
    PatchShape Patch, int Dimensions, Extent Stride, Extent Dilation, Extent Before, Extent After, PaddingModes Mode)
{
    /// <summary>The rows and columns that a patch reaches over.</summary>
    public Extent Reach => new((Dilation.Rows * (Patch.Height - 1)) + 1, (Dilation.Columns * (Patch.Width - 1)) + 1);

    /// <summary>The padding that keeps the size of a map at stride 1; of an odd number the greater half comes behind.</summary>
    public static (Extent Before, Extent After) Same(PatchShape patch, Extent dilation)
    {
        var (rows, columns) = (dilation.Rows * (patch.Height - 1), dilation.Columns * (patch.Width - 1));
        return (new(rows / 2, columns / 2), new(rows - (rows / 2), columns - (columns / 2)));
    }

    /// <summary>The window of the middle tap alone.</summary>
    public PatchWindow AtCenter()
    {
        var (row, column) = Patch.Tap(0);
        var (rows, columns) = (row * Dilation.Rows, column * Dilation.Columns);
        return this with
        {
            Patch = Patch with { Height = 1, Width = 1 },
            Before = new(Before.Rows - rows, Before.Columns - columns),
            After = new(After.Rows - (Reach.Rows - 1 - rows), After.Columns - (Reach.Columns - 1 - columns)),
        };
    }

    /// <summary>How many positions a map has.</summary>
    public Extent Positions(Extent map) => new(
        ((map.Rows + Before.Rows + After.Rows - Reach.Rows) / Stride.Rows) + 1,
        ((map.Columns + Before.Columns + After.Columns - Reach.Columns) / Stride.Columns) + 1);

    /// <summary>A single map or sequence, or a batch of them, as a batch of maps: a view, or the input itself.</summary>
    public Tensor Lift(Tensor input)
    {
        var batch = input.dim() == Dimensions + 1 ? input.unsqueeze(0) : input;
        return Dimensions == 1 ? batch.unsqueeze(2) : batch;
    }

    /// <summary>The way back from <see cref="Lift"/>, for outputs.</summary>
    /// <param name="output">A batch of maps.</param>
    /// <param name="dimensions">Of the input.</param>
    public Tensor Lower(Tensor output, long dimensions)
    {
        var batch = Dimensions == 1 ? output.squeeze(2) : output;
        return dimensions == Dimensions + 1 ? batch.squeeze(0) : batch;
    }

    /// <summary>Checks the shape of an input, before <see cref="Lift"/>.</summary>
    /// <exception cref="ArgumentException">Another rank or number of channels, or a map that holds no patch or is too small for its
    /// padding.</exception>
    public void Check(Tensor input)
    {
        var shape = input.shape;
        var side = Dimensions == 2 ? "rows, columns" : "length";
        if ((shape.Length != Dimensions + 1 && shape.Length != Dimensions + 2) || shape[^(Dimensions + 1)] != Patch.Channels)
            throw new ArgumentException(
                $"The input has the shape {TensorCheck.Shape(input)}; a convolution of {Patch.Channels} channels wants " +
                $"(N, {Patch.Channels}, {side}) or ({Patch.Channels}, {side}).", nameof(input));
        CheckSide("columns", shape[^1], Before.Columns, After.Columns, Reach.Columns);
        if (Dimensions == 2)
            CheckSide("rows", shape[^2], Before.Rows, After.Rows, Reach.Rows);

        void CheckSide(string name, long size, long before, long after, long reach)
        {
            if (size < 1 || size + before + after < reach)
                throw new ArgumentException(
                    $"The input of shape {TensorCheck.Shape(input)} has {size} {name}, {size + before + after} with its padding: " +
                    $"fewer than the {reach} of the kernel. Give larger inputs, or the layer more padding.", nameof(input));
            var most = Mode switch { PaddingModes.Reflect => size - 1, PaddingModes.Circular => size, _ => long.MaxValue };
            if (Math.Max(before, after) > most)
                throw new ArgumentException(
                    $"The input of shape {TensorCheck.Shape(input)} has {size} {name}: {Mode} padding of {Math.Max(before, after)} " +
                    "needs more. Give larger inputs, or the layer less padding.", nameof(input));
        }
    }

    /// <summary>Pads maps where a convolution's own padding cannot: with other values than zeros, or with more behind than
    /// before.</summary>
    /// <param name="maps">A batch of maps.</param>
    /// <returns>The maps, and the window that is left to move over them, padded with zeros on both sides alike.</returns>
    public (Tensor Maps, PatchWindow Window) Pad(Tensor maps)
    {
        if (Mode is PaddingModes.Zeros && Before == After)
            return (maps, this);
        var left = Mode is PaddingModes.Zeros
            ? new Extent(Math.Min(Before.Rows, After.Rows), Math.Min(Before.Columns, After.Columns))
            : default;
        var padded = nn.functional.pad(
            maps, (Before.Columns - left.Columns, After.Columns - left.Columns, Before.Rows - left.Rows, After.Rows - left.Rows),
            Mode is PaddingModes.Zeros ? PaddingModes.Constant : Mode);
        return (padded, this with { Before = left, After = left, Mode = PaddingModes.Zeros });
    }

    /// <summary>The pixels that padding stands for; with zeros any, as they are overwritten.</summary>
    public long[] Fold(long[] places, long size) => Array.ConvertAll(places, place => Mode switch
    {
        PaddingModes.Reflect => place < 0 ? -place : place >= size ? (2 * (size - 1)) - place : place,
        PaddingModes.Circular => (place + size) % size,
        _ => Math.Clamp(place, 0, size - 1),
    });
}
