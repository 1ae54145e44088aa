using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One layer in a measurement: centers and a ridge head of the training data, then scores of the held-out data.</summary>
internal sealed class LayerDepth(DepthOptions options) : IDisposable
{
    private ClassStatistics? _centers;
    private NccScores? _scores;
    private RidgeTrial? _ridge;
    private bool _hasFailed;

    /// <summary>Why there are no numbers, or not all; null where all is well.</summary>
    public string? Problem { get; private set; }

    public int Width { get; private set; }

    public long Observed => _centers?.Total ?? 0;

    public long Scored => _scores?.Samples ?? 0;

    public long NonFinite { get; private set; }

    public double? CenterAccuracy => _scores is { Samples: > 0 } scores ? 1 - scores.Error : null;

    public double? RidgeAccuracy => _ridge?.Accuracy;

    /// <summary>Marks the layer as not measurable: its features are not all taken at one place.</summary>
    public void Fail(string problem)
    {
        Dispose();
        (_centers, _scores, _ridge, Problem, _hasFailed) = (null, null, null, problem, true);
    }

    /// <summary>Takes a batch of the training data.</summary>
    public void Train(Tensor features, LabelGroups groups, int classes)
    {
        if (!Fits(features, groups))
            return;
        Width = (int)features.shape[1];
        _centers ??= new ClassStatistics(Width, tracksScatter: false);
        using (var converted = FeatureRows.Convert(features))
            NonFinite += _centers.Add(FeatureRows.View(converted ?? features), groups);
        if (Width > options.MaxRidgeWidth)
        {
            Problem ??= $"no ridge head: its {Width} features are more than MaxRidgeWidth = {options.MaxRidgeWidth}";
            return;
        }

        (_ridge ??= new RidgeTrial(Width)).Train(features, groups, classes);
    }

    /// <summary>Ends the pass over the training data.</summary>
    /// <param name="classes">K, the number of classes.</param>
    public void EndTraining(int classes)
    {
        if (_centers is { Total: > 0 })
            _scores = new NccScores(_centers, leaveOneOut: false, CollapseMetricSet.None);
        _ridge?.EndTraining(classes, options.RidgePenalty);
    }

    /// <summary>Takes a batch of the held-out data.</summary>
    public void Test(Tensor features, LabelGroups groups)
    {
        if (_scores is null || !Fits(features, groups))
            return;
        using (var converted = FeatureRows.Convert(features))
            NonFinite += _scores.Add(converted ?? features, groups, []);
        _ridge?.Test(features, groups);
    }

    /// <summary>The head; null where there is none.</summary>
    /// <param name="layer">The layer's path.</param>
    /// <param name="place">Where its features are.</param>
    /// <param name="pooled">How it became rows.</param>
    public DepthHead? Head(string layer, HeadPlace place, (long Rank, FeatureLayout Layout, FeaturePooling Pooling) pooled) =>
        HeadShape.PoolingOf(pooled) is { } pooling ? _ridge?.Head(layer, place, pooling) : null;

    public void Dispose()
    {
        _ridge?.Dispose();
        _scores?.Dispose();
    }

    private bool Fits(Tensor features, LabelGroups groups)
    {
        if (_hasFailed)
            return false;
        if (features.shape[0] != groups.Count)
            Problem = $"its features have {features.shape[0]} rows where a batch has {Words.Count(groups.Count, "label")}";
        else if (_centers is { } known && known.Width != features.shape[1])
            Problem = $"the width of its features changed from {known.Width} to {features.shape[1]}";
        else
            return true;
        return false;
    }
}
