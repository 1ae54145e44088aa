using EtfNet.Tests.Monitoring.Scores;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Loops;

/// <summary>What a monitor should find of a layer, by keeping every row and comparing every distance in float64.</summary>
internal sealed class LayerReference(NccMonitorOptions options)
{
    // A share this near to a step may fall on its other side in float32.
    private const double Near = 1e-3;

    private readonly ReturningShareReference _share = new();
    private readonly List<double> _turns = [];
    private List<(double[] Row, int Label)> _rows = [];
    private Dictionary<int, (double[] Mean, long Count)> _centers = [];
    private long _lastTotal;
    private int _lastBatches;
    private int _batches;
    private int _epoch = 1;
    private long _right;

    public long Observed => _rows.Count;

    public long Scored => _right + _turns.Count;

    /// <summary>One <c>Observe</c>: all calls of the layer in all forwards that it labeled.</summary>
    public void Observe(IReadOnlyList<(Tensor Features, Tensor Labels)> calls)
    {
        var stride = ScoringDraw.Stride(options, _lastTotal, _lastBatches, _centers.Count);
        var isScored = ScoringDraw.IsScored(options.Seed, _epoch, _batches++, stride) && _centers.Count > 0;
        foreach (var (features, labels) in calls)
        {
            var rows = features.to(float64).data<double>().ToArray().Chunk((int)features.shape[1]).ToArray();
            var classes = labels.data<long>().ToArray();
            for (var i = 0; i < rows.Length; i++)
            {
                if (isScored)
                    Score(rows[i], (int)classes[i]);
                _rows.Add((rows[i], (int)classes[i]));
            }

            _share.Add(features, labels);
        }
    }

    /// <summary>The least and the most samples that may count as wrong; null where there is no error to speak of.</summary>
    public (long Least, long Most)? Wrong()
    {
        if (Scored == 0 || _centers.Count < 2 || _centers.Values.All(center => center.Count == 1))
            return null;
        var share = _share.Value();
        var steps = ScoreCounts.Steps;
        var (low, high) = (Math.Ceiling((share * steps) - Near), Math.Ceiling((share * steps) + Near));
        if (share is 0 or 1)
            (low, high) = (share * steps, share * steps);
        return (
            _turns.Count(turn => turn <= (low / steps) - Near || turn == 0),
            _turns.Count(turn => turn <= (high / steps) + Near || high >= steps));
    }

    public void EndEpoch()
    {
        if (_rows.Count > 0)
        {
            _share.EndEpoch();
            _centers = _rows.GroupBy(row => row.Label).ToDictionary(
                group => group.Key,
                group => (
                    Enumerable.Range(0, group.First().Row.Length).Select(i => group.Sum(row => row.Row[i]) / group.Count()).ToArray(),
                    (long)group.Count()));
            (_lastTotal, _lastBatches) = (_rows.Count, _batches);
        }

        _rows = [];
        _turns.Clear();
        (_right, _batches) = (0, 0);
        _epoch++;
    }

    private void Score(double[] row, int label)
    {
        var (other, nearest) = (-1, double.PositiveInfinity);
        foreach (var (c, center) in _centers)
            if (c != label && Distance(row, center.Mean) is var away && (away < nearest || (away == nearest && c < other)))
                (other, nearest) = (c, away);
        if (!_centers.TryGetValue(label, out var own) || own.Count == 1)
        {
            _turns.Add(0);
            return;
        }

        var distance = Distance(row, own.Mean);
        var left = distance * Math.Pow((double)own.Count / (own.Count - 1), 2);
        if (other < 0 || left < nearest || (left == nearest && label < other))
            _right++;
        else
            // Right as long as (1 + share / (n - 1))^2 times the own distance is less than the other.
            _turns.Add(Math.Max(0, (Math.Sqrt(nearest / distance) - 1) * (own.Count - 1)));
    }

    private static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }
}
