using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>J: the leading numbers of every patch in frame order, read off maps of one size without unfolding them, and its
/// adjoint.</summary>
internal sealed class PatchTaps
{
    private readonly PatchWindow _window;
    private readonly Extent _map;
    private readonly Extent _positions;
    private readonly long _count;
    private readonly List<(long Channel, long Channels, TapRange Rows, TapRange Columns)> _taps = [];

    /// <param name="window">Padded with zeros, or cut.</param>
    /// <param name="count">How many numbers of a patch.</param>
    /// <param name="map">The size of the maps.</param>
    public PatchTaps(PatchWindow window, long count, Extent map)
    {
        (_window, _map, _count) = (window, map, count);
        _positions = window.Positions(map);
        var channels = window.Patch.Channels;
        for (long place = 0; place * channels < count; place++)
        {
            var (row, column) = window.Patch.Tap(place);
            var top = (row * window.Dilation.Rows) - window.Before.Rows;
            var left = (column * window.Dilation.Columns) - window.Before.Columns;
            var rows = TapRange.Of(top, window.Stride.Rows, _positions.Rows, map.Rows);
            var columns = TapRange.Of(left, window.Stride.Columns, _positions.Columns, map.Columns);
            if (rows.Count > 0 && columns.Count > 0)
                _taps.Add((place * channels, Math.Min(channels, count - (place * channels)), rows, columns));
        }
    }

    public Extent Positions => _positions;

    /// <summary>Whether the numbers are pixels of the map, each of them once at most: then they are a view of it.</summary>
    private bool AreView => _count <= _window.Patch.Channels && _taps is [var only]
        && only.Rows.Count == _positions.Rows && only.Columns.Count == _positions.Columns;

    /// <summary>Whether they are the very map, except for its last channels.</summary>
    public bool AreLeadingChannels => AreView && _positions == _map;

    /// <summary>Whether they are the very map.</summary>
    private bool AreMap => AreLeadingChannels && _count == _window.Patch.Channels;

    /// <summary>J x.</summary>
    /// <param name="x">(N, channels, rows, columns).</param>
    /// <returns>(N, count, positions): a view where that is possible, of the current scope.</returns>
    public Tensor Take(Tensor x)
    {
        if (AreMap)
            return x;
        if (AreView)
            return Pixels(x, _taps[0]);
        var taken = zeros([x.shape[0], _count, _positions.Rows, _positions.Columns], dtype: x.dtype, device: x.device);
        foreach (var tap in _taps)
            Outputs(taken, tap).copy_(Pixels(x, tap));
        return taken;
    }

    /// <summary>J^T y.</summary>
    /// <param name="y">(N, count, positions).</param>
    /// <returns>(N, channels, rows, columns), of the current scope; <paramref name="y"/> itself where that is the same.</returns>
    public Tensor PutBack(Tensor y)
    {
        if (AreMap)
            return y;
        var x = zeros([y.shape[0], _window.Patch.Channels, _map.Rows, _map.Columns], dtype: y.dtype, device: y.device);
        foreach (var tap in _taps)
            Pixels(x, tap).add_(Outputs(y, tap));
        return x;
    }

    /// <summary>y += factor J x, in the leading channels of y, in place.</summary>
    public void AddTo(Tensor y, Tensor x, Scalar factor)
    {
        foreach (var tap in _taps)
            Outputs(y, tap).add_(Pixels(x, tap), factor);
    }

    /// <summary>x += factor J^T y, from the leading channels of y, in place.</summary>
    public void AddBackTo(Tensor x, Tensor y, Scalar factor)
    {
        foreach (var tap in _taps)
            Pixels(x, tap).add_(Outputs(y, tap), factor);
    }

    private static Tensor Pixels(Tensor x, (long Channel, long Channels, TapRange Rows, TapRange Columns) tap) =>
        tap.Columns.OfPixels(tap.Rows.OfPixels(x.narrow(1, 0, tap.Channels), 2), 3);

    private static Tensor Outputs(Tensor y, (long Channel, long Channels, TapRange Rows, TapRange Columns) tap) =>
        tap.Columns.OfPositions(tap.Rows.OfPositions(y.narrow(1, tap.Channel, tap.Channels), 2), 3);
}
