using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring.Scores;

/// <summary>The share by its definition, all samples kept.</summary>
internal sealed class ReturningShareReference
{
    private readonly Dictionary<int, double[]> _stored = [];
    private readonly Dictionary<int, List<double>> _within = [];
    private readonly Dictionary<int, long> _counts = [];
    private Dictionary<int, double[]> _before = [];
    private Dictionary<int, List<double>> _beforeWithin = [];
    private Dictionary<int, List<double>> _across = [];

    /// <summary>Takes the rows of one call.</summary>
    public void Add(Tensor features, Tensor labels)
    {
        var rows = features.to(float64).data<double>().ToArray().Chunk((int)features.shape[1]).ToArray();
        var classes = labels.data<long>().ToArray();
        foreach (var c in classes.Distinct().Select(c => (int)c).Where(c => c is >= 0 and < ReturningShare.Classes))
        {
            var own = rows.Where((row, i) => classes[i] == c && row.All(double.IsFinite)).ToList();
            _counts[c] = _counts.GetValueOrDefault(c) + own.Count;
            if (_before.TryGetValue(c, out var before) && Of(_across, c).Count < ReturningShare.FewSamples)
                Of(_across, c).AddRange(own.Select(row => Distance(row, before)));
            if (Of(_within, c).Count >= ReturningShare.FewSamples)
                continue;
            if (!_stored.ContainsKey(c) && own.Count > 0)
            {
                _stored[c] = own[0];
                own.RemoveAt(0);
            }

            Of(_within, c).AddRange(own.Select(row => Distance(row, _stored[c])));
        }
    }

    public double Value()
    {
        var seen = _before.Keys.Where(c => Of(_across, c).Count > 1).ToList();
        var (across, within, mean) = (
            seen.Sum(c => Gap(_across[c])), seen.Sum(c => Gap(_beforeWithin[c])), seen.Sum(c => _beforeWithin[c].Average()));
        var share = mean > within ? Math.Sqrt(Math.Clamp((across - within) / (mean - within), 0, 1)) : 1;
        return share >= 0.95 ? 1 : share;
    }

    public void EndEpoch()
    {
        var few = _stored.Keys.Where(c => _counts[c] <= ReturningShare.FewSamples && Of(_within, c).Count > 0).ToList();
        _before = few.ToDictionary(c => c, c => _stored[c]);
        _beforeWithin = few.ToDictionary(c => c, c => _within[c].ToList());
        _across = [];
        _stored.Clear();
        _within.Clear();
        _counts.Clear();
    }

    private static List<double> Of(Dictionary<int, List<double>> lists, int c) => lists.TryGetValue(c, out var list) ? list : lists[c] = [];

    private static double Gap(List<double> distances) =>
        distances.Count < 2 ? 0 : ((distances.Sum() - distances.Min()) / (distances.Count - 1)) - distances.Min();

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
