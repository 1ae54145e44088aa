using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What the model gives over the kept batches, with some layers replaced on trial or none: it tells what a fix would cost before
/// anything is changed.</summary>
internal sealed class TrialOutputs(FeaturePooling pooling, long? ignoreIndex = null) : IDisposable
{
    private readonly List<(Tensor Features, LabelGroups Labels)> _scored = [];
    private readonly TrialLoss _loss = new();
    private bool _rowsMatchLabels = true;

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
        var pooled = output is null || output.dim() < 2 || !is_floating_point(output) ? null : Pooled(output, form);
        if (pooled is not ({ } features, var areScores))
        {
            _rowsMatchLabels = false;
            return;
        }

        var groups = LabelGroups.Create(LabelReader.Read(form.Flat, null, ignoreIndex));
        _scored.Add((features, groups));
        _loss.Add(features, areScores, form, groups);
    }

    /// <summary>
    /// One row per label, detached from all scopes, and whether its columns are those of the output; null where there are not as many.
    /// </summary>
    private (Tensor Features, bool AreScores)? Pooled(Tensor output, LabelForm labels)
    {
        var count = labels.Count;
        FeatureLayout[] layouts = output.dim() > 3
            ? [FeatureLayout.ChannelsFirst, FeatureLayout.ChannelsLast]
            : [FeatureLayout.ChannelsLast, FeatureLayout.ChannelsFirst];
        if (output.shape[0] == count)
            return (FeaturePooler.Pool(output, pooling, layouts[0], copy: true), output.dim() == 2);
        var found = layouts.Where(layout => FeaturePooler.Positions(output.shape, layout) == count)
            .Select(layout => FeaturePooler.Pool(output, FeaturePooling.EachPosition, layout, copy: true)).ToList();
        if (found.Count < 2)
            return found.Count == 0 ? null : (found[0], true);
        // With as many positions as classes the shape does not tell where the classes are; the labels do.
        found.Sort((one, other) => Hits(other, labels.Flat).CompareTo(Hits(one, labels.Flat)));
        found[1].Dispose();
        return (found[0], true);
    }

    private static long Hits(Tensor rows, Tensor labels)
    {
        using var scope = NewDisposeScope();
        return rows.argmax(1).eq(labels.to(rows.device)).sum().item<long>();
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
    public double? Loss() => _rowsMatchLabels ? _loss.OfLogits() : null;

    /// <summary>The mean cross entropy of these outputs, whether they still are logits or not; null where those of
    /// <paramref name="before"/> are not.</summary>
    public double? LossOf(TrialOutputs before) => before.Loss() is null ? null : _loss.Mean;

    /// <summary>
    /// The standard error of the rise of the loss from <paramref name="before"/> to these outputs, row by row; 0 where they are not of the
    /// same rows.
    /// </summary>
    public double RiseError(TrialOutputs before) => _loss.RiseError(before._loss);

    public void Dispose()
    {
        foreach (var (features, _) in _scored)
            features.Dispose();
    }
}
