using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What the model gives over the kept batches, with some layers replaced on trial or none: it tells what a fix would cost before
/// anything is changed.</summary>
internal sealed class TrialOutputs(FeaturePooling pooling, long? ignoreIndex = null) : IDisposable
{
    /// <summary>Outputs whose greatest column is the label this much more often than the most frequent class would be, of the way to
    /// always, are logits.</summary>
    private const double LogitShare = 0.25;

    private readonly List<(Tensor Features, LabelGroups Labels)> _scored = [];
    private bool _rowsMatchLabels = true;
    private long _right;
    private readonly List<float> _losses = [];
    private bool _areClassScores = true;
    private readonly Dictionary<int, long> _counts = [];

    /// <summary>What the model gives with another layer as its last one.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="sample">What the last layer saw, with its labels.</param>
    /// <param name="pooling">How outputs become one row per sample.</param>
    public static TrialOutputs Of(nn.Module<Tensor, Tensor> layer, LayerSample sample, FeaturePooling pooling)
    {
        using var noGrad = no_grad();
        using var output = layer.call(sample.Inputs);
        var outputs = new TrialOutputs(pooling);
        outputs.Add(output, sample.Labels);
        return outputs;
    }

    /// <summary>Takes the output of one batch.</summary>
    /// <param name="output">What the model gives (<see cref="OutputChoice"/>); null where that is no tensor.</param>
    /// <param name="labels">The labels of the batch, one per sample or one per position; null where they are not known.</param>
    public void Add(Tensor? output, Tensor? labels)
    {
        if (labels is null || !_rowsMatchLabels)
            return;
        using var scope = NewDisposeScope();
        using var form = LabelForm.Of(labels);
        var pooled = output is null || output.dim() < 2 || !is_floating_point(output) ? null : Pooled(output, form.Count);
        if (pooled is not ({ } features, var areScores))
        {
            _rowsMatchLabels = false;
            return;
        }

        var groups = LabelGroups.Create(LabelReader.Read(form.Flat, null, ignoreIndex));
        _scored.Add((features, groups));
        for (var g = 0; g < groups.Classes.Length; g++)
            _counts[groups.Classes[g]] = _counts.GetValueOrDefault(groups.Classes[g]) + groups.Rows(g).Length;
        if (!areScores || features.shape[1] <= groups.MaxLabel)
            _areClassScores = false;
        if (!_areClassScores || groups.Labeled == 0)
            return;
        var labeled = tensor(Enumerable.Range(0, groups.Count).Where(row => groups.Labels[row] >= 0).Select(row => (long)row).ToArray());
        var classes = form.Flat.to(ScalarType.Int64).to(features.device).index_select(0, labeled.to(features.device));
        var rows = features.to(ScalarType.Float32).index_select(0, labeled.to(features.device));
        _right += rows.argmax(1).eq(classes).sum().item<long>();
        _losses.AddRange(nn.functional.cross_entropy(rows, classes, reduction: nn.Reduction.None).cpu().data<float>());
    }

    /// <summary>
    /// One row per label, detached from all scopes, and whether its columns are those of the output; null where there are not as many.
    /// </summary>
    private (Tensor Features, bool AreScores)? Pooled(Tensor output, long count)
    {
        FeatureLayout[] layouts = output.dim() > 3
            ? [FeatureLayout.ChannelsFirst, FeatureLayout.ChannelsLast]
            : [FeatureLayout.ChannelsLast, FeatureLayout.ChannelsFirst];
        if (output.shape[0] == count)
            return (FeaturePooler.Pool(output, pooling, layouts[0], copy: true), output.dim() == 2);
        foreach (var layout in layouts)
            if (FeaturePooler.Positions(output.shape, layout) == count)
                return (FeaturePooler.Pool(output, FeaturePooling.EachPosition, layout, copy: true), true);
        return null;
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
        if (!_rowsMatchLabels || !_areClassScores || _losses.Count == 0)
            return null;
        var most = (double)_counts.Values.Max() / _losses.Count;
        return (double)_right / _losses.Count >= most + LogitShare * (1 - most) ? _losses.Average(loss => (double)loss) : null;
    }

    /// <summary>The mean cross entropy of these outputs, whether they still are logits or not; null where those of
    /// <paramref name="before"/> are not.</summary>
    public double? LossOf(TrialOutputs before) =>
        before.Loss() is null || _losses.Count == 0 ? null : _losses.Average(loss => (double)loss);

    /// <summary>
    /// The standard error of the rise of the loss from <paramref name="before"/> to these outputs, row by row; 0 where they are not of the
    /// same rows.
    /// </summary>
    public double RiseError(TrialOutputs before)
    {
        if (_losses.Count != before._losses.Count || _losses.Count < 2)
            return 0;
        var rises = _losses.Zip(before._losses, (after, first) => (double)after - first).ToList();
        var mean = rises.Average();
        return Math.Sqrt(rises.Sum(rise => (rise - mean) * (rise - mean)) / (rises.Count - 1.0) / rises.Count);
    }

    public void Dispose()
    {
        foreach (var (features, _) in _scored)
            features.Dispose();
    }
}
