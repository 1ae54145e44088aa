using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The cross entropy of a model's outputs against the labels, row by row, as far as the outputs are logits.</summary>
internal sealed class TrialLoss
{
    /// <summary>Outputs are logits if their greatest column is the label often enough: this share of the way from the most frequent class's
    /// share to 1.</summary>
    private const double LogitShare = 0.25;

    private readonly List<float> _losses = [];
    private readonly ClassCounts _counts = new();
    private bool _areClassScores = true;
    private long _right;

    /// <summary>The mean over all rows; null where there is none.</summary>
    public double? Mean => _losses.Count == 0 ? null : _losses.Average(loss => (double)loss);

    /// <summary>Takes a batch.</summary>
    /// <param name="features">A row per label.</param>
    /// <param name="areScores">Whether its columns are those of the output.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="groups">The same labels, read.</param>
    public void Add(Tensor features, bool areScores, LabelForm labels, LabelGroups groups)
    {
        _counts.Add(groups);
        if (!areScores || features.shape[1] <= groups.MaxLabel)
            _areClassScores = false;
        if (!_areClassScores || groups.Labeled == 0)
            return;
        var labeled = tensor(Enumerable.Range(0, groups.Count).Where(row => groups.Labels[row] >= 0).Select(row => (long)row).ToArray());
        var classes = labels.Flat.to(ScalarType.Int64).to(features.device).index_select(0, labeled.to(features.device));
        var rows = ClassScores.Logits(features.index_select(0, labeled.to(features.device)));
        _right += rows.argmax(1).eq(classes).sum().item<long>();
        _losses.AddRange(nn.functional.cross_entropy(rows, classes, reduction: nn.Reduction.None).cpu().data<float>());
    }

    /// <summary>The mean; null where the outputs are not logits.</summary>
    public double? OfLogits()
    {
        if (!_areClassScores || _losses.Count == 0)
            return null;
        var most = (double)_counts.Most / _losses.Count;
        return (double)_right / _losses.Count >= most + LogitShare * (1 - most) ? Mean : null;
    }

    /// <summary>The standard error of the rise from an earlier loss to this one, row by row; 0 where the rows are not the
    /// same.</summary>
    public double RiseError(TrialLoss before)
    {
        if (_losses.Count != before._losses.Count || _losses.Count < 2)
            return 0;
        var rises = _losses.Zip(before._losses, (after, first) => (double)after - first).ToList();
        var mean = rises.Average();
        return Math.Sqrt(rises.Sum(rise => (rise - mean) * (rise - mean)) / (rises.Count - 1.0) / rises.Count);
    }
}
