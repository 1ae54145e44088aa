using System.Globalization;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Measures the geometry of points.</summary>
/// <param name="points">The points.</param>
/// <param name="what">What they are in messages, as in <c>class means</c>.</param>
/// <param name="prefix">What comes before the names of the missing measures.</param>
/// <param name="options">Which measures, and their exponents.</param>
/// <param name="missing">Takes the reasons.</param>
internal sealed class FrameMeasurement(PointSet points, string what, string prefix, CollapseMetricsOptions options, MissingMeasures missing)
{
    // Where the squared distance is below this share of the norms, it is taken from differences: products would lose more than five digits.
    private const double Close = 1e-4;

    private static readonly string[] s_log = ["logEnergy", "logEnergyDeviation"];
    private static readonly string[] s_riesz = ["rieszEnergy", "rieszEnergyDeviation"];

    private readonly PairSummary _cosines = new();
    private readonly PairSummary _deviations = new();
    private readonly PairSummary _distances = new();
    private readonly PairSummary _logs = new();
    private readonly PairSummary _powers = new();
    private readonly double[] _norms = [.. points.Squares.Select(Math.Sqrt)];
    private (int First, int Second)? _same;

    public FrameMetrics Measure(bool shape, bool uniformity, bool rank)
    {
        var result = new FrameMetrics { Points = points.Count };
        string[] linear = [.. Names(shape, "equinorm"), .. Names(rank, MeasureNames.Rank)];
        string[] angles = [.. Names(shape, "equiangularity", "cosineDeviation", "leastCosine", "greatestCosine")];
        string[] kernels = [.. Names(uniformity, MeasureNames.Uniformity)];
        string[] pairs = [.. angles, .. Names(shape, "gramDeviation"), .. kernels];
        if (points.IsZero)
        {
            missing.Add($"all {what} are the same", [.. linear, .. pairs]);
            return result;
        }

        var mean = _norms.Average();
        if (shape)
            result = result with { Equinorm = Math.Sqrt(_norms.Average(norm => (norm - mean) * (norm - mean))) / mean };
        if (rank)
            result = result with { EffectiveRank = EffectiveRank() };
        if (pairs.Length == 0)
            return result;
        if (points.Count > options.PairwiseClassLimit)
        {
            missing.Add(TooMany(points.Count, options.PairwiseClassLimit), pairs);
            return result;
        }

        var zero = points.FindZero();
        if (zero >= 0)
            missing.Add($"{Name(zero)} is zero up to rounding: it has no direction", [.. angles, .. kernels]);
        var gram = Visit(zero < 0 && shape, zero < 0 && uniformity);
        if (shape)
            result = result with { GramDeviation = gram };
        return zero >= 0 ? result : WithPairs(result, shape, uniformity);
    }

    public static string TooMany(int count, int limit)
    {
        var pairs = (long)count * (count - 1) / 2;
        return $"{count} classes have {pairs} pairs, and PairwiseClassLimit is {limit}: raise the limit to measure them, in blocks";
    }

    private FrameMetrics WithPairs(FrameMetrics result, bool shape, bool uniformity)
    {
        if (shape)
            result = result with
            {
                Equiangularity = _deviations.Mean,
                CosineDeviation = _cosines.Deviation,
                LeastCosine = _cosines.Least,
                GreatestCosine = _cosines.Greatest,
            };
        if (!uniformity)
            return result;
        result = result with { Distance = _distances.Mean, DistanceDeviation = _distances.Deviation };
        if (_same is { } pair)
        {
            string[] infinite = options.RieszExponent > 0 ? [.. s_log, .. s_riesz] : s_log;
            var points = $"{Name(pair.First)} and {Name(pair.Second)}";
            missing.Add($"{points} have the same direction: their energy is infinite", [.. Names(true, infinite)]);
            if (options.RieszExponent > 0)
                return result;
        }
        else
        {
            result = result with { LogEnergy = _logs.Mean, LogEnergyDeviation = _logs.Deviation };
        }

        if (double.IsFinite(_powers.Mean) && double.IsFinite(_powers.Deviation))
            return result with { RieszEnergy = _powers.Mean, RieszEnergyDeviation = _powers.Deviation };
        var power = (-options.RieszExponent).ToString(CultureInfo.InvariantCulture);
        missing.Add(
            $"a power of {power} of a distance leaves the range of float64: choose a smaller RieszExponent", [.. Names(true, s_riesz)]);
        return result;
    }

    /// <summary>One pass over all pairs; gives the deviation of the Gram matrix.</summary>
    private double? Visit(bool angles, bool kernels)
    {
        var ideal = 1.0 / (points.Count - 1);
        var center = new double[points.Width];
        for (var row = 0; row < points.Count; row++)
            RowKernels.AddScaled(points.Row(row), 1, center);
        var residual = new EtfResidual(points.Squares.Sum(), RowKernels.SquaredNorm(center), points.Count);
        var (cosines, others) = (new double[points.Count], new double[points.Count]);
        PairProducts.Each(points, points, (a, row) =>
        {
            residual.Add(a, row);
            if (!angles && !kernels)
                return;
            var pairs = points.Count - a - 1;
            for (var i = 0; i < pairs; i++)
                cosines[i] = Math.Clamp(row[a + 1 + i] / (_norms[a] * _norms[a + 1 + i]), -1, 1);
            if (angles)
            {
                _cosines.Add(cosines.AsSpan(0, pairs));
                for (var i = 0; i < pairs; i++)
                    others[i] = Math.Abs(cosines[i] + ideal);
                _deviations.Add(others.AsSpan(0, pairs));
            }

            if (kernels)
                AddKernels(a, cosines.AsSpan(0, pairs), others.AsSpan(0, pairs));
        });
        return residual.Value;
    }

    private void AddKernels(int a, Span<double> cosines, Span<double> squares)
    {
        for (var i = 0; i < cosines.Length; i++)
        {
            squares[i] = 1 - cosines[i] < Close ? points.SquaredUnitDistance(a, a + 1 + i) : 2 - 2 * cosines[i];
            if (squares[i] == 0 || Math.Sqrt(squares[i]) <= points.Rounding * (1 / _norms[a] + 1 / _norms[a + 1 + i]))
                _same ??= (a, a + 1 + i);
            cosines[i] = Math.Sqrt(squares[i]);
        }

        _distances.Add(cosines);
        for (var i = 0; i < cosines.Length; i++)
            cosines[i] = -Math.Log(squares[i]) / 2;
        _logs.Add(cosines);
        for (var i = 0; i < cosines.Length; i++)
            cosines[i] = Math.Sign(options.RieszExponent) * Math.Pow(squares[i], -options.RieszExponent / 2);
        _powers.Add(cosines);
    }

    /// <summary>Of the singular values themselves: eigenvalues of a Gram matrix would lose half of the digits.</summary>
    private double EffectiveRank()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = linalg.svdvals(points.ToTensor());
        var shares = values / values.sum();
        // xlogy: nothing is added by a singular value of 0.
        return Math.Exp(-xlogy(shares, shares).sum().item<double>());
    }

    private string Name(int point) => FormattableString.Invariant($"{what.TrimEnd('s')} {points.Labels[point]}");

    private IEnumerable<string> Names(bool wanted, params string[] names) =>
        !wanted ? [] : prefix.Length == 0 ? names : names.Select(name => prefix + char.ToUpperInvariant(name[0]) + name[1..]);
}
