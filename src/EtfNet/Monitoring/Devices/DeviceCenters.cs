using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Class centers on a device, a row for every class: absent ones are infinitely far.</summary>
internal sealed class DeviceCenters : IDisposable
{
    // Distances of this many samples and classes at a time: memory stays bounded however many there are.
    private const int ClassBlock = 4096;
    private const long DistancesAtATime = 1 << 24;
    private const double Epsilon = 1.1920929e-7;

    private static readonly Scalar MinusTwo = -2.0;
    private static readonly Scalar Steps = ScoreCounts.Steps;

    private readonly Tensor _global;
    private readonly Tensor _centers;
    private readonly Tensor _squaredNorms;
    private readonly Tensor _ownFactors;
    private readonly Tensor? _shift;
    private readonly double _maxNorm;
    private readonly int _width;

    /// <param name="source">The class statistics.</param>
    /// <param name="classCount">The number of classes; at least that of the statistics.</param>
    /// <param name="device">Where.</param>
    /// <param name="leaveOneOut">Whether samples are left out of their own centers.</param>
    /// <param name="withShift">Whether the means are wanted in float64.</param>
    public DeviceCenters(ClassStatistics source, int classCount, Device device, bool leaveOneOut = true, bool withShift = true)
    {
        Source = source;
        _width = source.Width;
        var centers = ClassCenters.Create(source, leaveOneOut);
        _maxNorm = centers.MaxNorm;
        // Ordinary tensors even where they are made in an inference block: they take part in later training steps.
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = frombuffer(centers.Values, float32).reshape(centers.Classes.Length, centers.Stride).narrow(1, 0, centers.Width);
        var rows = tensor(centers.Classes.Select(c => (long)c).ToArray());
        _global = DeviceCopy.Of(tensor(centers.Global).narrow(0, 0, centers.Width), device);
        _centers = DeviceCopy.Of(zeros(classCount, centers.Width).index_copy(0, rows, values), device);
        _squaredNorms = DeviceCopy.Of(full(classCount, float.PositiveInfinity).index_copy(0, rows, tensor(centers.SquaredNorms)), device);
        _ownFactors = DeviceCopy.Of(full(classCount, float.PositiveInfinity).index_copy(0, rows, tensor(centers.OwnFactors)), device);
        if (withShift)
        {
            var means = tensor(Means(source, centers.Classes)).reshape(centers.Classes.Length, centers.Width);
            _shift = DeviceCopy.Of(zeros(classCount, centers.Width, float64).index_copy(0, rows, means), device);
        }
    }

    public ClassStatistics Source { get; }

    /// <summary>The class means in float64; zero for absent classes.</summary>
    public Tensor Shift => _shift ?? throw new InvalidOperationException("The centers were made without their means in float64.");

    /// <summary>
    /// Counts on the device: scored, wrong, within rounding, compared and differing samples, then wrong ones by the share at which they
    /// turn.
    /// </summary>
    /// <param name="features">Samples x width, all finite.</param>
    /// <param name="own">A class a sample.</param>
    /// <param name="valid">Which samples count.</param>
    /// <param name="predictions">The model's predictions, or null.</param>
    public Tensor Score(Tensor features, Tensor own, Tensor valid, Tensor? predictions)
    {
        var rows = Math.Max(1, DistancesAtATime / Math.Min(ClassBlock, _centers.shape[0]));
        Tensor? total = null;
        for (long start = 0; start < features.shape[0]; start += rows)
        {
            var count = Math.Min(rows, features.shape[0] - start);
            var part = ScoreRows(
                features.narrow(0, start, count), own.narrow(0, start, count), valid.narrow(0, start, count),
                predictions?.narrow(0, start, count));
            total = total is null ? part : total + part;
        }

        return total ?? zeros(5 + ScoreCounts.Steps, int64, features.device);
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _global, _centers, _squaredNorms, _ownFactors, _shift })
            tensor?.Dispose();
    }

    private static double[] Means(ClassStatistics source, int[] classes)
    {
        var means = new double[classes.Length * source.Width];
        for (var i = 0; i < classes.Length; i++)
            RowKernels.Scale(source.Sum(classes[i]), 1.0 / source.Count(classes[i]), means.AsSpan(i * source.Width, source.Width));
        return means;
    }

    private Tensor ScoreRows(Tensor features, Tensor own, Tensor valid, Tensor? predictions)
    {
        var centered = (features - _global).to(float32);
        var squares = centered.square().sum([1L]);
        var ownDistance = _squaredNorms.index_select(0, own) + (centered * _centers.index_select(0, own)).sum([1L]) * MinusTwo;
        var (best, winner) = NearestOther(centered, own);

        // Finite features above 1e19 have squares that float32 cannot hold: they are not scored. Infinite factors (singletons, absent
        // classes) must stay infinite: zero times infinity would be NaN, and NaN is never below.
        var fits = squares.isfinite();
        var counted = valid.logical_and(fits);
        var factors = _ownFactors.index_select(0, own);
        var left = factors * (squares + ownDistance) - squares;
        var right = left.lt(best).logical_or(left.eq(best).logical_and(own.lt(winner))).logical_and(factors.isfinite());
        var scored = counted.sum();
        var isWrong = counted.logical_and(right.logical_not());
        var ownWins = ownDistance.lt(best).logical_or(ownDistance.eq(best).logical_and(own.lt(winner)));
        var open = valid.logical_and(IsOpen(squares, ownDistance, best, factors).logical_or(fits.logical_not()));
        var differing = predictions is null ? zeros_like(scored) : counted.logical_and(where(ownWins, own, winner).ne(predictions)).sum();
        var counts = stack([scored, isWrong.sum(), open.sum(), predictions is null ? zeros_like(scored) : scored, differing]);
        return cat([counts, Turns(squares + ownDistance, squares + best, factors, isWrong)]);
    }

    /// <summary>Whether float32 rounding could have turned a decision, by the bound of <see cref="ScoredRow.IsClose"/>.</summary>
    private Tensor IsOpen(Tensor squares, Tensor own, Tensor best, Tensor factors)
    {
        var bound = (squares.sqrt() + _maxNorm).square() * ((_width + 32) * Epsilon);
        var scaled = (factors * (squares + own) - squares - best).abs().le((factors + 1) * bound).logical_and(factors.isfinite());
        return (own - best).abs().le(bound * 2).logical_or(scaled);
    }

    /// <summary>How many of the wrong samples turn at each step of the share (<see cref="LeaveOneOut"/>).</summary>
    private static Tensor Turns(Tensor own, Tensor other, Tensor factors, Tensor isWrong)
    {
        var share = ((other.to(float64) / own.to(float64)).sqrt() - 1) / (factors.to(float64).sqrt() - 1);
        var turning = isWrong.logical_and(other.gt(own)).logical_and(factors.gt(1))
            .logical_and(factors.isfinite()).logical_and(share.isfinite());
        var step = where(turning, share * Steps, zeros_like(share)).ceil().to(int64).sub(1).clamp(0, ScoreCounts.Steps - 1);
        return step.unsqueeze(1).eq(arange(ScoreCounts.Steps, dtype: int64, device: step.device)).logical_and(turning.unsqueeze(1)).sum(0L);
    }

    private (Tensor Distance, Tensor Index) NearestOther(Tensor centered, Tensor own)
    {
        Tensor? best = null;
        Tensor? index = null;
        for (long start = 0; start < _centers.shape[0]; start += ClassBlock)
        {
            var count = Math.Min(ClassBlock, _centers.shape[0] - start);
            var distances = _squaredNorms.narrow(0, start, count) + centered.mm(_centers.narrow(0, start, count).t()) * MinusTwo;
            var classes = arange(start, start + count, dtype: int64, device: distances.device);
            distances = distances.masked_fill(own.unsqueeze(1).eq(classes), float.PositiveInfinity);
            var (values, positions) = distances.min(1);
            positions = positions + start;
            if (best is null)
            {
                (best, index) = (values, positions);
                continue;
            }

            // Strictly below: of equals the lower class wins.
            index = where(values.lt(best), positions, index!);
            best = minimum(best, values);
        }

        return (best!, index!);
    }
}
