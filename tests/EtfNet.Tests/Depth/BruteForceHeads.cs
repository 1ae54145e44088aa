using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth;

/// <summary>Heads on given features as one would write them down: all samples at once, in float64.</summary>
internal static class BruteForceHeads
{
    /// <summary>The share of test rows nearest to the mean of their own class's training rows.</summary>
    public static double CenterAccuracy(Tensor training, Tensor labels, Tensor test, Tensor testLabels)
    {
        using var scope = NewDisposeScope();
        var classes = (int)labels.max().item<long>() + 1;
        var centers = stack([.. Enumerable.Range(0, classes).Select(c => training[labels.eq(c)].to(float64).mean([0L]))]);
        return Share(cdist(test.to(float64), centers, 2, 0).argmin(1), testLabels);
    }

    /// <summary>Ridge by least squares: rows sqrt(lambda N) I with target 0 below the centered features.</summary>
    public static (Tensor Weight, Tensor Bias) Ridge(Tensor training, Tensor labels, int classes, double penalty = 1e-3)
    {
        var (features, target) = (training.to(float64), nn.functional.one_hot(labels, classes).to(float64));
        var (count, width, mean) = (features.shape[0], features.shape[1], features.mean([0L]));
        var centered = features - mean;
        var lambda = penalty * centered.square().sum().item<double>() / count / width;
        var system = cat([centered, eye(width, dtype: float64) * Math.Sqrt(lambda * count)]);
        var wanted = cat([target - target.mean([0L]), zeros(width, classes, dtype: float64)]);
        var weight = linalg.lstsq(system, wanted).Solution.t();
        return (weight, target.mean([0L]) - weight.mv(mean));
    }

    public static double Share(Tensor predictions, Tensor labels) => predictions.eq(labels).to(float64).mean().item<double>();
}
