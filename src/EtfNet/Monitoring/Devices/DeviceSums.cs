using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A layer's sums and scores where its features are on a device: gathered there without a wait, brought over when a report
/// asks.</summary>
/// <remarks>Whatever cannot be counted (a label out of range, a feature that is not finite) is masked, since looking would mean waiting for
/// the device.</remarks>
internal sealed class DeviceSums : IDisposable
{
    private readonly bool _deterministic;
    private readonly bool _leaveOneOut;
    private readonly bool _scatter;
    private readonly Device _device;
    private readonly int _width;
    private readonly Tensor _nonFinite;
    private readonly Tensor _scores;
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
        _nonFinite = Zeros(int64, 1);
        _scores = Zeros(int64, 5 + ScoreCounts.Steps);
        _counts = Zeros(int64, classCount);
        _sums = Zeros(float64, classCount, width);
        _squares = Zeros(float64, classCount);
    }

    public int Width => _width;

    public Device Device => _device;

    public int ClassCount => (int)_counts.shape[0];

    /// <summary>Makes room for more classes.</summary>
    public void Grow(int classCount)
    {
        if (classCount <= ClassCount)
            return;
        using var recording = inference_mode(false);
        _counts = Extended(_counts, Zeros(int64, classCount));
        _sums = Extended(_sums, Zeros(float64, classCount, _width));
        _squares = Extended(_squares, Zeros(float64, classCount));
        if (_centers is { } old)
        {
            _centers = Centers(old.Source);
            old.Dispose();
        }

        static Tensor Extended(Tensor values, Tensor target)
        {
            using (no_grad())
            using (var head = target.narrow(0, 0, values.shape[0]))
                head.copy_(values).Dispose();
            values.Dispose();
            return target;
        }
    }

    /// <summary>The class means to score against, and to see features from; null for none.</summary>
    /// <param name="statistics">The last epoch's.</param>
    /// <param name="returning">What is known of how samples return, to go on from; null where nobody asks.</param>
    public void SetCenters(ClassStatistics? statistics, ReturningShare? returning = null)
    {
        _centers?.Dispose();
        _centers = statistics is { Total: > 0 } ? Centers(statistics) : null;
        _returning?.Dispose();
        _returning = returning is null || !_leaveOneOut ? null : DeviceReturning.Create(returning, statistics, _width, _device);
    }

    /// <summary>Takes a batch in.</summary>
    /// <param name="features">Samples x width, on this device.</param>
    /// <param name="labels">Int64, on this device; those outside <c>[0, ClassCount)</c> are masked.</param>
    /// <param name="ignoreIndex">A further number that marks a row without a label; null for none.</param>
    /// <param name="score">Whether to score it, where there are centers.</param>
    /// <param name="predictions">The model's predictions on this device, or null.</param>
    public void Add(Tensor features, Tensor labels, long? ignoreIndex, bool score, Tensor? predictions)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var outside = labels.lt(0).logical_or(labels.ge(ClassCount));
        if (ignoreIndex >= 0)
            outside = outside.logical_or(labels.eq(ignoreIndex.Value));
        var inside = outside.logical_not();
        var finite = features.isfinite().all(1);
        _nonFinite.add_(inside.logical_and(finite.logical_not()).sum());
        var valid = inside.logical_and(finite);
        var own = where(valid, labels, zeros_like(labels));
        // A product with a mask would keep NaN; a choice does not.
        var clean = where(valid.unsqueeze(1), features, zeros_like(features));

        if (score && _centers is { } centers)
            _scores.add_(centers.Score(clean, own, valid, predictions));
        _returning?.Add(clean, own, valid);
        AddToSums(clean.to(float64), own, valid);
    }

    /// <summary>Brings everything over into <paramref name="state"/> and starts anew; waits for the device.</summary>
    public void Flush(LayerState state)
    {
        using var scope = NewDisposeScope();
        var counts = MemoryMarshal.Cast<byte, long>(_counts.cpu().bytes);
        var sums = MemoryMarshal.Cast<byte, double>(_sums.cpu().bytes);
        var squares = MemoryMarshal.Cast<byte, double>(_squares.cpu().bytes);
        var scores = MemoryMarshal.Cast<byte, long>(_scores.cpu().bytes);
        if (counts.ContainsAnyExcept(0))
            state.Prepare(_width);
        for (var c = 0; c < counts.Length; c++)
            if (counts[c] > 0)
            {
                var sum = sums.Slice(c * _width, _width);
                state.Current!.AddClass(c, counts[c], sum, _scatter ? Scatter(c, counts[c], sum, squares[c]) : 0);
            }

        state.NonFinite += _nonFinite.item<long>();
        state.Scores.Scored += scores[0];
        state.Scores.Wrong += scores[1];
        state.Scores.WithinRounding += scores[2];
        state.Scores.Compared += scores[3];
        state.Scores.Differing += scores[4];
        for (var i = 0; i < ScoreCounts.Steps; i++)
            state.Scores.TurnsAt[i] += scores[5 + i];
        _returning?.Flush();
        foreach (var tensor in new[] { _counts, _sums, _squares, _scores, _nonFinite })
            tensor.zero_();
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _counts, _sums, _squares, _scores, _nonFinite })
            tensor.Dispose();
        _centers?.Dispose();
        _returning?.Dispose();
    }

    private DeviceCenters Centers(ClassStatistics statistics) =>
        new(statistics, Math.Max(ClassCount, statistics.ClassCount), _device, _leaveOneOut, _scatter);

    private void AddToSums(Tensor features, Tensor own, Tensor valid)
    {
        var shifted = _scatter && _centers is { } centers ? features - centers.Shift.index_select(0, own) : features;
        var squares = _scatter ? where(valid, shifted.square().sum([1L]), zeros_like(valid, float64)) : null;
        if (_deterministic)
        {
            var member = own.unsqueeze(1).eq(arange(ClassCount, dtype: int64, device: _device))
                .logical_and(valid.unsqueeze(1)).to(float64).t();
            _sums.add_(member.mm(features));
            _counts.add_(member.sum([1L]).to(int64));
            if (squares is not null)
                _squares.add_(member.mv(squares));
            return;
        }

        _sums.index_add_(0, own, features, 1);
        _counts.index_add_(0, own, valid.to(int64), 1);
        if (squares is not null)
            _squares.index_add_(0, own, squares, 1);
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
