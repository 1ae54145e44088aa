using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One layer in a measurement: centers and normal equations of the training data, then scores of the held-out data.</summary>
internal sealed class LayerDepth(DepthOptions options) : IDisposable
{
    private ClassStatistics? _centers;
    private RidgeStatistics? _ridge;
    private NccScores? _scores;
    private (Tensor Weight, Tensor Bias)? _head;
    private HeadScale? _scale;
    private long _right;
    private long _judged;
    private int _classes;

    /// <summary>Why there are no numbers, or not all; null where all is well.</summary>
    public string? Problem { get; private set; }

    public int Width { get; private set; }

    public long Observed => _centers?.Total ?? 0;

    public long Scored => _scores?.Samples ?? 0;

    public long NonFinite { get; private set; }

    public double? CenterAccuracy => _scores is { Samples: > 0 } scores ? 1 - scores.Error : null;

    public double? RidgeAccuracy => _judged > 0 ? (double)_right / _judged : null;

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

        using var scope = NewDisposeScope();
        var (rows, labels) = Usable(features, groups);
        if (rows.shape[0] > 0)
            (_ridge ??= new RidgeStatistics(Width, classes, features.device)).Add(rows, labels, classes);
    }

    /// <summary>The training data is through.</summary>
    /// <param name="classes">K, the number of classes.</param>
    public void EndTraining(int classes)
    {
        _classes = classes;
        if (_centers is { Total: > 0 })
            _scores = new NccScores(_centers, leaveOneOut: false, CollapseMetricSet.None);
        if (_ridge is { Total: > 0 } ridge)
        {
            _head = ridge.Solve(options.RidgePenalty);
            _scale = new HeadScale();
        }

        _ridge?.Dispose();
        _ridge = null;
    }

    /// <summary>Takes a batch of the held-out data.</summary>
    public void Test(Tensor features, LabelGroups groups)
    {
        if (_scores is null || !Fits(features, groups))
            return;
        using (var converted = FeatureRows.Convert(features))
            NonFinite += _scores.Add(converted ?? features, groups, []);
        if (_head is not var (weight, bias))
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (rows, labels) = Usable(features, groups);
        if (rows.shape[0] == 0)
            return;
        var outputs = addmm(bias, rows.to(ScalarType.Float64), weight.t(), 1, 1);
        _right += outputs.argmax(1).eq(labels).sum().item<long>();
        _judged += rows.shape[0];
        _scale!.Add(outputs, labels);
    }

    /// <summary>The head; null where there is none.</summary>
    /// <param name="layer">The layer's path.</param>
    /// <param name="place">Where its features are.</param>
    /// <param name="pooled">How it became rows.</param>
    public DepthHead? Head(string layer, HeadPlace place, (long Rank, FeatureLayout Layout, FeaturePooling Pooling) pooled)
    {
        if (_head is not var (weight, bias) || HeadShape.PoolingOf(pooled) is not { } pooling)
            return null;
        using var scope = NewDisposeScope();
        return new DepthHead(
            layer, place, new HeadShape(Width, _classes, pooling), weight.cpu().data<double>().ToArray(),
            bias.cpu().data<double>().ToArray(), _scale!.Find());
    }

    public void Dispose()
    {
        _ridge?.Dispose();
        _scores?.Dispose();
        _scale?.Dispose();
        _head?.Weight.Dispose();
        _head?.Bias.Dispose();
    }

    private bool Fits(Tensor features, LabelGroups groups)
    {
        if (features.shape[0] != groups.Count)
            Problem = $"its features have {features.shape[0]} rows where a batch has {Words.Count(groups.Count, "label")}";
        else if (_centers is { } known && known.Width != features.shape[1])
            Problem = $"its features changed their width from {known.Width} to {features.shape[1]}";
        else
            return true;
        return false;
    }

    /// <summary>The rows with a label and finite features, and these labels.</summary>
    private static (Tensor Rows, Tensor Labels) Usable(Tensor features, LabelGroups groups)
    {
        var labels = tensor(Array.ConvertAll(groups.Labels, label => (long)label)).to(features.device);
        var rows = features.isfinite().all(1).logical_and(labels.ge(0));
        return rows.all().item<bool>() ? (features, labels) : (features[rows], labels[rows]);
    }
}
