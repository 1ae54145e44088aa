using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A layer's sums and scores where its features are on a device: gathered there without a wait, brought over when a report
/// asks.</summary>
/// <remarks>
/// <para>Batches wait until some thousand rows are there (<see cref="DeviceBatches"/>): then all is done in one go.</para>
/// <para>Whatever cannot be counted (a label out of range, a feature that is not finite) is masked, since looking would mean waiting for
/// the device: its rows go to two further classes, out of range and not finite.</para>
/// </remarks>
internal sealed class DeviceSums : IDisposable
{
    /// <summary>How many rows behind the last class are for samples that do not count.</summary>
    public const int Uncounted = 2;

    // With a fixed order, one-hot rows are made of this many samples and classes at a time.
    private const int MembersAtATime = 1 << 22;

    private readonly bool _deterministic;
    private readonly bool _leaveOneOut;
    private readonly bool _scatter;
    private readonly Device _device;
    private readonly int _width;
    private readonly Tensor _scores;
    private readonly DeviceBatches _waiting = new();
    private readonly DeviceBatches _unscored = new();
    private long? _ignoreIndex;
    private Tensor _counts;
    private Tensor _sums;
    private Tensor _squares;
    private DeviceCenters? _centers;
    private DeviceReturning? _returning;

    /// <param name="width">The number of features of a sample.</param>
    /// <param name="classCount">The number of classes; <see cref="Grow"/> raises it.</param>
    /// <param name="device">Where all of it lives.</param>
    /// <param name="options">Whether the scatter is kept, and the order of additions fixed.</param>
    public DeviceSums(int width, int classCount, Device device, NccMonitorOptions options)
    {
        (_width, _device) = (width, device);
        _deterministic = options.Deterministic;
        _leaveOneOut = options.LeaveOneOut;
        _scatter = options.Metrics.HasFlag(CollapseMetricSet.Variability);
        // Ordinary tensors even where they are made in an inference block.
        using var recording = inference_mode(false);
        _scores = Zeros(int64, 5 + ScoreCounts.Steps);
        _counts = Zeros(int64, classCount + Uncounted);
        _sums = Zeros(float64, classCount + Uncounted, width);
        _squares = Zeros(float64, classCount + Uncounted);
    }

    public int Width => _width;

    public Device Device => _device;

    public int ClassCount => (int)_counts.shape[0] - Uncounted;

    /// <summary>Makes room for more classes.</summary>
    public void Grow(int classCount)
    {
        var known = ClassCount;
        if (classCount <= known)
            return;
        // Labels are judged by the class count that they came with.
        CatchUp();
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        (_counts, _sums, _squares) = (Extended(_counts), Extended(_sums), Extended(_squares));
        if (_centers is { } old)
        {
            _centers = Centers(old.Source);
            old.Dispose();
        }

        Tensor Extended(Tensor values)
        {
            using var noGrad = no_grad();
            var shape = values.shape;
            shape[0] = classCount - known;
            var extended = cat([values.narrow(0, 0, known), zeros(shape, values.dtype, _device), values.narrow(0, known, Uncounted)]);
            values.Dispose();
            return extended.DetachFromDisposeScope();
        }
    }

    /// <summary>The class means to score against, and to see features from; null for none.</summary>
    /// <param name="statistics">The last epoch's.</param>
    /// <param name="returning">The returning share to continue from; null if it is not needed.</param>
    public void SetCenters(ClassStatistics? statistics, ReturningShare? returning = null)
    {
        CatchUp();
        _centers?.Dispose();
        _centers = null;
        // Other workers may have seen more classes: the rows behind the last one are no classes.
        Grow(statistics?.ClassCount ?? 0);
        _centers = statistics is { Total: > 0 } ? Centers(statistics) : null;
        _returning?.Dispose();
        _returning = returning is null || !_leaveOneOut ? null : DeviceReturning.Create(returning, statistics, _width, _device);
    }

    /// <summary>Takes a batch in.</summary>
    /// <param name="features">Samples x width, on this device.</param>
    /// <param name="labels">Int64, on this device, not written to later; those outside <c>[0, ClassCount)</c> are masked.</param>
    /// <param name="ignoreIndex">A further number that marks a row without a label; null for none.</param>
    /// <param name="score">Whether to score it, where there are centers.</param>
    /// <param name="predictions">The model's predictions on this device, not written to later, or null.</param>
    public void Add(Tensor features, Tensor labels, long? ignoreIndex, bool score, Tensor? predictions)
    {
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (ignoreIndex != _ignoreIndex)
            CatchUp();
        _ignoreIndex = ignoreIndex;
        var kept = DeviceBatches.Kept(features);
        if (score && _centers is not null)
        {
            if (!_unscored.IsEmpty && _unscored.HavePredictions != predictions is not null)
                Score();
            _unscored.Add(kept.alias(), labels, predictions);
            if (_unscored.AreEnough)
                Score();
        }

        _waiting.Add(kept, labels, null);
        if (_waiting.AreEnough)
            Sum();
    }

    /// <summary>Processes the waiting batches, without waiting for the device.</summary>
    public void CatchUp()
    {
        Score();
        Sum();
    }

    /// <summary>Brings everything over into <paramref name="state"/> and starts anew; waits for the device.</summary>
    public void Flush(LayerState state)
    {
        CatchUp();
        using var scope = NewDisposeScope();
        var counts = MemoryMarshal.Cast<byte, long>(_counts.cpu().bytes);
        var sums = MemoryMarshal.Cast<byte, double>(_sums.cpu().bytes);
        var squares = MemoryMarshal.Cast<byte, double>(_squares.cpu().bytes);
        var scores = MemoryMarshal.Cast<byte, long>(_scores.cpu().bytes);
        var classCount = ClassCount;
        if (counts[..classCount].ContainsAnyExcept(0))
            state.Prepare(_width);
        for (var c = 0; c < classCount; c++)
            if (counts[c] > 0)
            {
                var sum = sums.Slice(c * _width, _width);
                state.Current!.AddClass(c, counts[c], sum, _scatter ? Scatter(c, counts[c], sum, squares[c]) : 0);
            }

        state.NonFinite += counts[classCount + 1];
        state.Scores.Scored += scores[0];
        state.Scores.Wrong += scores[1];
        state.Scores.WithinRounding += scores[2];
        state.Scores.Compared += scores[3];
        state.Scores.Differing += scores[4];
        for (var i = 0; i < ScoreCounts.Steps; i++)
            state.Scores.TurnsAt[i] += scores[5 + i];
        _returning?.Flush();
        foreach (var tensor in new[] { _counts, _sums, _squares, _scores })
            tensor.zero_();
    }

    public void Dispose()
    {
        foreach (var owned in new IDisposable[] { _counts, _sums, _squares, _scores, _waiting, _unscored })
            owned.Dispose();
        _centers?.Dispose();
        _returning?.Dispose();
    }

    private DeviceCenters Centers(ClassStatistics statistics) =>
        new(statistics, ClassCount, _device, _leaveOneOut, _scatter);

    private void Score()
    {
        if (_unscored.IsEmpty)
            return;
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (features, labels, predictions) = _unscored.Take();
        _scores.add_(_centers!.Score(features, OwnRows(features, labels), predictions));
    }

    private void Sum()
    {
        if (_waiting.IsEmpty)
            return;
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (features, labels, _) = _waiting.Take();
        var own = OwnRows(features, labels);
        _returning?.Add(features, own, ClassCount);
        var wide = features.to(float64);
        _counts.index_add_(0, own, ones_like(own), 1);
        if (!_deterministic)
        {
            _sums.index_add_(0, own, wide, 1);
            if (_scatter)
                _squares.index_add_(0, own, Squares(wide, own), 1);
            return;
        }

        // Products add in a fixed order. In them zero times NaN would be NaN: what does not count becomes zero.
        wide = wide.masked_fill(own.ge(ClassCount).unsqueeze(1), 0);
        var squares = _scatter ? Squares(wide, own) : null;
        var classes = arange(ClassCount + Uncounted, dtype: int64, device: _device);
        var rows = Math.Max(1, MembersAtATime / classes.shape[0]);
        for (long start = 0; start < own.shape[0]; start += rows)
        {
            var count = Math.Min(rows, own.shape[0] - start);
            var members = own.narrow(0, start, count).unsqueeze(1).eq(classes).to(float64).t();
            _sums.addmm_(members, wide.narrow(0, start, count));
            if (squares is not null)
                _squares.addmv_(members, squares.narrow(0, start, count));
        }
    }

    private Tensor Squares(Tensor features, Tensor own) =>
        (_centers is { } centers ? features - centers.Shift.index_select(0, own) : features).square().sum([1L]);

    /// <summary>The row of the sums that a sample belongs to: its class's, or one of the two behind them.</summary>
    private Tensor OwnRows(Tensor features, Tensor labels)
    {
        var outside = labels.lt(0).logical_or_(labels.ge(ClassCount));
        if (_ignoreIndex >= 0)
            outside.logical_or_(labels.eq(_ignoreIndex.Value));
        return labels.masked_fill(features.isfinite().all(1).logical_not_(), ClassCount + 1).masked_fill_(outside, ClassCount);
    }

    /// <summary>From squares about the shift to squares about the mean.</summary>
    private double Scatter(int c, long count, ReadOnlySpan<double> sum, double squares)
    {
        var shift = _centers is { } centers ? centers.Source.Mean(c) : [];
        var offset = 0.0;
        for (var i = 0; i < sum.Length; i++)
        {
            var difference = sum[i] / count - (shift.Length == 0 ? 0 : shift[i]);
            offset += difference * difference;
        }

        return Math.Max(0, squares - count * offset);
    }

    private Tensor Zeros(ScalarType type, params long[] shape) => zeros(shape, type, _device).DetachFromDisposeScope();
}
