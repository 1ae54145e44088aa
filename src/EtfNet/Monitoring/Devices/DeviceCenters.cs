using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Class centers on a device, a row for every class: absent ones are infinitely far, and so are the two rows behind the last class, which
/// stand for samples that do not count.
/// </summary>
internal sealed class DeviceCenters : IDisposable
{
    // Distances of this many samples and classes at a time: memory stays bounded however many there are.
    private const long DistancesAtATime = 1 << 24;
    private const double Epsilon = 1.1920929e-7;

    private static readonly Scalar Steps = ScoreCounts.Steps;
    private static readonly Scalar Infinity = double.PositiveInfinity;

    private readonly Tensor _global;
    private readonly Tensor _centers;
    private readonly Tensor _squaredNorms;
    private readonly Tensor _ownFactors;
    private readonly Tensor? _perShare;
    private readonly Tensor _infinity;
    private readonly Tensor _steps;
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
        var (count, height) = (centers.Classes.Length, classCount + DeviceSums.Uncounted);
        // Ordinary tensors even where they are made in an inference block: they take part in later training steps.
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = tensor(centers.Classes.Select(c => (long)c).ToArray());
        _global = DeviceCopy.Of(tensor(centers.Global).narrow(0, 0, centers.Width), device);
        var values = frombuffer(centers.Values, float32).reshape(count, centers.Stride).narrow(1, 0, centers.Width);
        _centers = DeviceCopy.Of(Placed(0, values), device);
        _squaredNorms = DeviceCopy.Of(Placed(float.PositiveInfinity, tensor(centers.SquaredNorms)), device);
        var factors = Placed(float.PositiveInfinity, tensor(centers.OwnFactors));
        _ownFactors = DeviceCopy.Of(factors, device);
        // Where a factor is 1 or infinite (all of a class's samples, or none, left out), no share turns a sample: NaN says so.
        if (leaveOneOut)
            _perShare = DeviceCopy.Of(
                (factors.to(float64).sqrt() - 1).reciprocal().masked_fill((factors.gt(1) & factors.lt(Infinity)).logical_not(), double.NaN),
                device);
        _infinity = DeviceCopy.Of(full([1, 1], float.PositiveInfinity), device);
        _steps = DeviceCopy.Of(arange(1, ScoreCounts.Steps + 1, float64), device);
        if (withShift)
            _shift = DeviceCopy.Of(Placed(0, tensor(Means(source, centers.Classes)).reshape(count, centers.Width)), device);

        Tensor Placed(float otherwise, Tensor known)
        {
            var shape = known.shape;
            shape[0] = height;
            return full(shape, otherwise, dtype: known.dtype).index_copy(0, rows, known);
        }
    }

    public ClassStatistics Source { get; }

    /// <summary>The class means in float64; zero for absent classes.</summary>
    public Tensor Shift => _shift ?? throw new InvalidOperationException("The centers were made without their means in float64.");

    /// <summary>
    /// Counts on the device: scored, wrong, within rounding, compared and differing samples, then wrong ones by the share at which they
    /// turn.
    /// </summary>
    /// <param name="features">Samples x width.</param>
    /// <param name="own">One class per sample; at least the class count where a sample does not count.</param>
    /// <param name="predictions">The model's predictions, or null.</param>
    public Tensor Score(Tensor features, Tensor own, Tensor? predictions)
    {
        var rows = Math.Max(1, DistancesAtATime / _centers.shape[0]);
        Tensor? total = null;
        for (long start = 0; start < features.shape[0]; start += rows)
        {
            var count = Math.Min(rows, features.shape[0] - start);
            var part = ScoreRows(
                features.narrow(0, start, count), own.narrow(0, start, count), predictions?.narrow(0, start, count));
            total = total is null ? part : total + part;
        }

        return total ?? zeros(5 + ScoreCounts.Steps, int64, features.device);
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _global, _centers, _squaredNorms, _ownFactors, _perShare, _infinity, _steps, _shift })
            tensor?.Dispose();
    }

    private static double[] Means(ClassStatistics source, int[] classes)
    {
        var means = new double[classes.Length * source.Width];
        for (var i = 0; i < classes.Length; i++)
            RowKernels.Scale(source.Sum(classes[i]), 1.0 / source.Count(classes[i]), means.AsSpan(i * source.Width, source.Width));
        return means;
    }

    private Tensor ScoreRows(Tensor features, Tensor own, Tensor? predictions)
    {
        // Every operation is a launch: on a device they cost more than their work.
        var centered = (features - _global).to(float32);
        var squares = centered.square().sum([1L]);
        var column = own.unsqueeze(1);
        var distances = addmm(_squaredNorms, centered, _centers.t(), 1, -2);
        var ownDistance = distances.gather(1, column).squeeze(1);
        var (best, winner) = distances.scatter_(1, column, _infinity.expand(own.shape[0], 1)).min(1);

        // Finite features above 1e19 have squares that float32 cannot hold: they are not scored. Infinite factors (singletons, absent
        // classes) must stay infinite: zero times infinity would be NaN, and NaN is never below.
        var valid = own.lt(_centers.shape[0] - DeviceSums.Uncounted);
        var counted = valid.logical_and(squares.isfinite());
        var factors = _ownFactors.index_select(0, own);
        var whole = squares + ownDistance;
        var left = factors * whole - squares;
        var isLower = own.lt(winner);
        var isFinite = left.lt(Infinity);
        var right = left.lt(best).logical_or_(left.eq(best).logical_and_(isLower)).logical_and_(isFinite);
        var isWrong = counted.logical_and(right.logical_not_());
        var open = valid.logical_and(IsOpen(squares, ownDistance, best, left, factors, isFinite).logical_or_(counted.logical_not()));
        var none = zeros_like(counted);
        var (compared, differing) = (none, none);
        if (predictions is not null)
        {
            var ownWins = ownDistance.lt(best).logical_or_(ownDistance.eq(best).logical_and_(isLower));
            (compared, differing) = (counted, where(ownWins, own, winner).ne(predictions).logical_and_(counted));
        }

        var counts = stack([counted, isWrong, open, compared, differing]).sum(1L);
        return cat([counts, _perShare is null ? zeros_like(_steps, int64) : Turns(whole, squares + best, own, isWrong)]);
    }

    /// <summary>Whether float32 rounding could have turned a decision, by the bound of <see cref="ScoredRow.IsClose"/>.</summary>
    private Tensor IsOpen(Tensor squares, Tensor own, Tensor best, Tensor left, Tensor factors, Tensor isFinite)
    {
        var bound = (squares.sqrt() + _maxNorm).square() * ((_width + 32) * Epsilon);
        var scaled = (left - best).abs().le((factors + 1) * bound).logical_and_(isFinite);
        return scaled.logical_or_((own - best).abs().le(bound * 2));
    }

    /// <summary>How many of the wrong samples turn at each step of the share (<see cref="LeaveOneOut"/>).</summary>
    private Tensor Turns(Tensor whole, Tensor other, Tensor own, Tensor isWrong)
    {
        var share = ((other.to(float64) / whole.to(float64)).sqrt() - 1) * _perShare!.index_select(0, own);
        var turning = share.gt(0).logical_and_(share.lt(Infinity)).logical_and_(isWrong);
        var step = (share * Steps).ceil().clamp(max: Steps).masked_fill(turning.logical_not_(), 0);
        return step.unsqueeze(1).eq(_steps).sum(0L);
    }
}
