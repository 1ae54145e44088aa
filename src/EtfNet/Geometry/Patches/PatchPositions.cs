using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Positions of a convolution, drawn at random from a batch: what frames are fitted on. The unfolded batch is never
/// made.</summary>
/// <remarks>Inputs, outputs and labels are read at the same positions. The same shapes, rows and seed give the same
/// positions.</remarks>
internal sealed class PatchPositions
{
    /// <summary>The most that the patches may take.</summary>
    private const long MostBytes = 256L << 20;

    private readonly PatchWindow _window;
    private readonly long[] _input;
    private readonly Extent _positions;
    private readonly long[] _drawn;

    private PatchPositions(PatchWindow window, long[] input, Extent positions, long[] drawn) =>
        (_window, _input, _positions, _drawn) = (window, input, positions, drawn);

    /// <summary>How many there are.</summary>
    public int Count => _drawn.Length;

    /// <summary>Draws positions, none twice; all of them, in order, where there are no more than asked for.</summary>
    /// <param name="window">Of the layer.</param>
    /// <param name="input">A batch of its inputs, or one of their shape.</param>
    /// <param name="rows">The most positions, at least 1; fewer where their patches would take more than 256 MiB.</param>
    /// <param name="seed">Any value.</param>
    /// <exception cref="ArgumentException">The window does not move over such inputs.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is below 1.</exception>
    public static PatchPositions Draw(PatchWindow window, Tensor input, int rows, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        window.Check(input);
        using var scope = NewDisposeScope();
        var shape = window.Lift(input).shape;
        var positions = window.Positions(new Extent(shape[2], shape[3]));
        var all = shape[0] * positions.Rows * positions.Columns;
        var bytes = window.Patch.Size * (Wide(input) == ScalarType.Float64 ? sizeof(double) : sizeof(float));
        var most = Math.Min(rows, Math.Max(1, MostBytes / bytes));
        return new PatchPositions(window, shape, positions, RandomSubset.Draw(all, Math.Min(all, most), new CounterRandom(seed, 300)));
    }

    /// <summary>The patches there, padding included.</summary>
    /// <param name="input">(N, C, rows, columns), (N, C, length), or one of them; as when they were drawn.</param>
    /// <returns>Count x d, columns in frame order, float64 for such inputs and else float32; of the current scope.</returns>
    /// <exception cref="ArgumentException">Another shape, or not floating point.</exception>
    public Tensor Patches(Tensor input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var maps = Lifted(input, _window.Patch.Channels, new Extent(_input[2], _input[3]), nameof(input));
        var patches = empty([Count, _window.Patch.Size], dtype: Wide(input), device: input.device);
        var channels = _window.Patch.Channels;
        for (long place = 0; place < _window.Patch.Taps; place++)
        {
            var (row, column) = _window.Patch.Tap(place);
            var firstRow = (row * _window.Dilation.Rows) - _window.Before.Rows;
            var firstColumn = (column * _window.Dilation.Columns) - _window.Before.Columns;
            var rows = Array.ConvertAll(Rows(), i => (i * _window.Stride.Rows) + firstRow);
            var columns = Array.ConvertAll(Columns(), i => (i * _window.Stride.Columns) + firstColumn);
            using var part = patches.narrow(1, place * channels, channels);
            part.copy_(Read(maps, _window.Fold(rows, _input[2]), _window.Fold(columns, _input[3])));
            if (_window.Mode is PaddingModes.Zeros && Outside(rows, columns) is { Length: > 0 } outside)
                part.index_fill_(0, tensor(outside, device: input.device), 0);
        }

        return patches.MoveToOuterDisposeScope();
    }

    /// <summary>The layer's outputs there.</summary>
    /// <param name="output">(N, K, ...), of inputs of the shape that was drawn from.</param>
    /// <returns>Count x K, float64 for such outputs and else float32; of the current scope.</returns>
    /// <exception cref="ArgumentException">Another shape, or not floating point.</exception>
    public Tensor Outputs(Tensor output)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var maps = Lifted(output, null, _positions, nameof(output));
        return Read(maps, Rows(), Columns()).to(Wide(output)).MoveToOuterDisposeScope();
    }

    /// <summary>The labels of the samples that the positions are in.</summary>
    /// <param name="labels">N.</param>
    /// <returns>Count, of the current scope.</returns>
    public Tensor Labels(Tensor labels)
    {
        using var samples = Samples(labels.device);
        return labels.index_select(0, samples);
    }

    private static ScalarType Wide(Tensor tensor) => tensor.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private Tensor Lifted(Tensor tensor, long? channels, Extent map, string name)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (!is_floating_point(tensor.dtype))
            throw new ArgumentException($"'{name}' must be floating point; it is {tensor.dtype}.", name);
        var dimensions = _window.Dimensions;
        var lifted = tensor.dim() == dimensions + 1 || tensor.dim() == dimensions + 2 ? _window.Lift(tensor.detach()) : null;
        if (lifted?.shape is [var batch, var own, var rows, var columns] && batch == _input[0] && own == (channels ?? own)
            && map == new Extent(rows, columns))
            return lifted;
        throw new ArgumentException(
            $"'{name}' has the shape {TensorCheck.Shape(tensor)}; the positions were drawn for a batch of {_input[0]} " +
            $"with maps of {map.Rows} x {map.Columns} here.", name);
    }

    private long[] Rows() => Array.ConvertAll(_drawn, position => position / _positions.Columns % _positions.Rows);

    private long[] Columns() => Array.ConvertAll(_drawn, position => position % _positions.Columns);

    /// <summary>All channels at pixels of the drawn samples, a row per pixel.</summary>
    private Tensor Read(Tensor maps, long[] rows, long[] columns)
    {
        var device = maps.device;
        return maps.index(TensorIndex.Tensor(Samples(device)), TensorIndex.Colon, At(rows), At(columns));

        TensorIndex At(long[] places) => TensorIndex.Tensor(tensor(places, device: device));
    }

    private Tensor Samples(Device device) =>
        tensor(Array.ConvertAll(_drawn, position => position / (_positions.Rows * _positions.Columns)), device: device);

    /// <summary>The rows of the sample where a tap meets padding.</summary>
    private long[] Outside(long[] rows, long[] columns) =>
    [
        .. from i in Enumerable.Range(0, Count)
           where rows[i] < 0 || rows[i] >= _input[2] || columns[i] < 0 || columns[i] >= _input[3]
           select (long)i,
    ];
}
