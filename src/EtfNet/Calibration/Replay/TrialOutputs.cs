using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What the model gives over the kept batches, with some layers replaced on trial or none: it tells what a fix would cost before anything is changed.</summary>
internal sealed class TrialOutputs(FeaturePooling pooling) : IDisposable
{
    /// <summary>Outputs whose greatest column is the label this much more often than the most frequent class would be, of the way to always, are logits.</summary>
    private const double LogitShare = 0.25;

    private readonly List<(Tensor Features, LabelGroups Labels)> _scored = [];
    private bool _rowsMatchLabels = true;
    private long _right;
    private double _lossSum;
    private long _rows;
    private bool _areClassScores = true;
    private readonly Dictionary<int, long> _counts = [];

    /// <summary>Takes the output of one batch.</summary>
    /// <param name="output">The model's first result tensor; null where it gives none.</param>
    /// <param name="labels">The labels of the batch; null where they are not known.</param>
    public void Add(Tensor? output, Tensor? labels)
    {
        if (labels is null || !_rowsMatchLabels)
            return;
        if (output is null || output.dim() < 2 || !is_floating_point(output) || output.shape[0] != labels.shape[0])
        {
            _rowsMatchLabels = false;
            return;
        }

        using var scope = NewDisposeScope();
        var groups = LabelGroups.Create(LabelReader.Read(labels, null));
        _scored.Add((FeaturePooler.Pool(output, pooling, FeatureLayout.ChannelsLast, copy: true), groups));
        for (var g = 0; g < groups.Classes.Length; g++)
            _counts[groups.Classes[g]] = _counts.GetValueOrDefault(groups.Classes[g]) + groups.Rows(g).Length;
        if (output.dim() != 2 || output.shape[1] <= groups.MaxLabel)
            _areClassScores = false;
        if (!_areClassScores)
            return;
        var classes = labels.to(ScalarType.Int64).to(output.device);
        var rows = output.detach().to(ScalarType.Float32);
        _right += rows.argmax(1).eq(classes).sum().item<long>();
        _lossSum += nn.functional.cross_entropy(rows, classes, reduction: nn.Reduction.Sum).item<float>();
        _rows += groups.Count;
    }

    /// <summary>The nearest-class-center error of the outputs, a fraction in [0, 1]; null where they are not one row per label.</summary>
    public double? NccError()
    {
        if (!_rowsMatchLabels || _scored.Count == 0)
            return null;
        using var score = new ExactLayer(new NccMonitorOptions { Metrics = CollapseMetricSet.None });
        foreach (var (features, labels) in _scored)
            score.AddToMeans(features, labels);
        score.EndMeans();
        foreach (var (features, labels) in _scored)
            score.Score(features, labels, []);
        return score.NccError;
    }

    /// <summary>The mean cross entropy of the outputs against the labels; null where the outputs are not logits.</summary>
    public double? Loss()
    {
        if (!_rowsMatchLabels || !_areClassScores || _rows == 0)
            return null;
        var most = (double)_counts.Values.Max() / _rows;
        return (double)_right / _rows >= most + LogitShare * (1 - most) ? _lossSum / _rows : null;
    }

    /// <summary>The mean cross entropy of these outputs, whether they still are logits or not; null where those of <paramref name="before"/> are not.</summary>
    public double? LossOf(TrialOutputs before) => before.Loss() is null || _rows == 0 ? null : _lossSum / _rows;

    public void Dispose()
    {
        foreach (var (features, _) in _scored)
            features.Dispose();
    }
}
