using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Class centers on a device, a row for every class: absent ones are infinitely far.</summary>
internal sealed class DeviceCenters : IDisposable
{
    // Distances of this many samples and classes at a time: memory stays bounded however many classes there are.
    private const int ClassBlock = 4096;

    private static readonly Scalar MinusTwo = -2.0;

    private readonly Tensor _global;
    private readonly Tensor _centers;
    private readonly Tensor _squaredNorms;
    private readonly Tensor _ownFactors;

    public DeviceCenters(ClassStatistics source, int classCount, Device device, bool leaveOneOut = true)
    {
        Source = source;
        var centers = ClassCenters.Create(source, leaveOneOut);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = frombuffer(centers.Values, float32).reshape(centers.Classes.Length, centers.Stride).narrow(1, 0, centers.Width);
        var rows = tensor(centers.Classes.Select(c => (long)c).ToArray());
        _global = Own(tensor(centers.Global).narrow(0, 0, centers.Width), device);
        _centers = Own(zeros(classCount, centers.Width).index_copy(0, rows, values), device);
        _squaredNorms = Own(full(classCount, float.PositiveInfinity).index_copy(0, rows, tensor(centers.SquaredNorms)), device);
        _ownFactors = Own(full(classCount, float.PositiveInfinity).index_copy(0, rows, tensor(centers.OwnFactors)), device);
        Shift = Own(zeros(classCount, centers.Width, float64).index_copy(0, rows, stack([.. centers.Classes.Select(c => tensor(source.Mean(c), float64))])), device);
    }

    public ClassStatistics Source { get; }

    /// <summary>The class means in float64; zero for absent classes.</summary>
    public Tensor Shift { get; }

    /// <summary>Scored, wrong, compared and differing samples, on the device.</summary>
    /// <param name="features">Samples x width, all finite.</param>
    /// <param name="own">A class a sample.</param>
    /// <param name="valid">Which samples count.</param>
    /// <param name="predictions">The model's predictions, or null.</param>
    public Tensor Score(Tensor features, Tensor own, Tensor valid, Tensor? predictions)
    {
        var centered = (features - _global).to(float32);
        var squares = centered.square().sum([1L]);
        var ownDistance = _squaredNorms.index_select(0, own) + (centered * _centers.index_select(0, own)).sum([1L]) * MinusTwo;
        var (best, winner) = NearestOther(centered, own);

        // Infinite factors (singletons, absent classes) must stay infinite: zero times infinity would be NaN, and NaN is never below.
        var factors = _ownFactors.index_select(0, own);
        var left = factors * (squares + ownDistance) - squares;
        var right = left.lt(best).logical_or(left.eq(best).logical_and(own.lt(winner))).logical_and(factors.isfinite());
        var scored = valid.sum();
        var wrong = valid.logical_and(right.logical_not()).sum();
        if (predictions is null)
            return stack([scored, wrong, zeros_like(scored), zeros_like(scored)]);

        var nearest = where(ownDistance.lt(best).logical_or(ownDistance.eq(best).logical_and(own.lt(winner))), own, winner);
        return stack([scored, wrong, scored, valid.logical_and(nearest.ne(predictions)).sum()]);
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { _global, _centers, _squaredNorms, _ownFactors, Shift })
            tensor.Dispose();
    }

    private static Tensor Own(Tensor values, Device device) => values.to(device, copy: true).contiguous().DetachFromDisposeScope();

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
