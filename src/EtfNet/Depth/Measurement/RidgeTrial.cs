using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A ridge head on features: fitted to the training data, then tried on the held-out data.</summary>
/// <param name="width">The number of features.</param>
internal sealed class RidgeTrial(int width) : IDisposable
{
    private RidgeStatistics? _statistics;
    private (Tensor Weight, Tensor Bias)? _head;
    private HeadScale? _scale;
    private long _right;
    private long _judged;
    private int _classes;

    /// <summary>The share of held-out samples that the head gets right; null where none was tried.</summary>
    public double? Accuracy => _judged > 0 ? (double)_right / _judged : null;

    /// <summary>Takes a batch of the training data.</summary>
    public void Train(Tensor features, LabelGroups groups, int classes)
    {
        using var scope = NewDisposeScope();
        var (rows, labels) = Usable(features, groups);
        if (rows.shape[0] > 0)
            (_statistics ??= new RidgeStatistics(width, classes, features.device)).Add(rows, labels, classes);
    }

    /// <summary>Fits the head, where there were samples.</summary>
    public void EndTraining(int classes, double penalty)
    {
        _classes = classes;
        if (_statistics is { Total: > 0 } statistics)
        {
            _head = statistics.Solve(penalty);
            _scale = new HeadScale();
        }

        _statistics?.Dispose();
        _statistics = null;
    }

    /// <summary>Takes a batch of the held-out data.</summary>
    public void Test(Tensor features, LabelGroups groups)
    {
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

    /// <summary>The head; null where there was no sample to fit it on.</summary>
    /// <param name="layer">The layer's path.</param>
    /// <param name="place">Where its features are.</param>
    /// <param name="pooling">How they became rows.</param>
    public DepthHead? Head(string layer, HeadPlace place, FeaturePooling pooling)
    {
        if (_head is not var (weight, bias))
            return null;
        using var scope = NewDisposeScope();
        return new DepthHead(
            layer, place, new HeadShape(width, _classes, pooling), weight.cpu().data<double>().ToArray(),
            bias.cpu().data<double>().ToArray(), _scale!.Find());
    }

    public void Dispose()
    {
        _statistics?.Dispose();
        _scale?.Dispose();
        _head?.Weight.Dispose();
        _head?.Bias.Dispose();
    }

    /// <summary>The rows with a label and finite features, and these labels.</summary>
    private static (Tensor Rows, Tensor Labels) Usable(Tensor features, LabelGroups groups)
    {
        var labels = tensor(Array.ConvertAll(groups.Labels, label => (long)label)).to(features.device);
        var rows = features.isfinite().all(1).logical_and(labels.ge(0));
        return rows.all().item<bool>() ? (features, labels) : (features[rows], labels[rows]);
    }
}
