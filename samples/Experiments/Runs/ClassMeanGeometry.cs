using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Measures the class means of each layer's features, in evaluation mode.</summary>
internal static class ClassMeanGeometry
{
    /// <summary>As many training samples as tell the class means well.</summary>
    private const long Samples = 10_000;

    private const int BatchSize = 1000;

    /// <param name="model">A network of <see cref="Mlp"/>.</param>
    /// <param name="train">What it is trained on; the first samples are taken.</param>
    public static IReadOnlyList<LayerGeometry> Measure(nn.Module<Tensor, Tensor> model, TensorSet train)
    {
        using var scope = NewDisposeScope();
        var batches = Enumerable.Range(0, (int)((Math.Min(Samples, train.Count) + BatchSize - 1) / BatchSize)).Select(i => (Start: (long)i * BatchSize, Count: Math.Min(BatchSize, Math.Min(Samples, train.Count) - (i * BatchSize))))
            .Select(part => (Input: train.Inputs.narrow(0, part.Start, part.Count), Labels: train.Labels.narrow(0, part.Start, part.Count))).ToList();
        CollapseReport report;
        using (var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.All }))
            report = monitor.Evaluate(batches);
        var means = Means(model, batches);
        return [.. report.Layers.Where(layer => means.ContainsKey(layer.Name)).Select(layer => Of(layer, means[layer.Name]))];
    }

    private static LayerGeometry Of(LayerCollapse layer, ClassStatistics means)
    {
        using var scope = NewDisposeScope();
        var present = Enumerable.Range(0, means.ClassCount).Where(c => means.Count(c) > 0).ToList();
        var rows = stack([.. present.Select(c => tensor(means.Mean(c)))]);
        var centered = rows - rows.mean([0], keepdim: true);
        var unit = centered / centered.norm(1, keepdim: true).clamp(min: 1e-300);
        var pairs = triu_indices(present.Count, present.Count, 1);
        var cosines = unit.mm(unit.t()).index(TensorIndex.Tensor(pairs[0]), TensorIndex.Tensor(pairs[1]));
        var shares = linalg.svdvals(centered);
        shares = shares / shares.sum().clamp(min: 1e-300);
        var entropy = -(shares * shares.clamp(min: 1e-300).log()).sum().item<double>();
        return new LayerGeometry(
            layer.Name, cosines.min().item<double>(), cosines.mean().item<double>(), cosines.max().item<double>(), Math.Exp(entropy),
            layer.Nc1, layer.Equinorm, layer.Equiangularity, layer.SelfDuality);
    }

    /// <summary>The statistics of each linear layer's features, after the normalization and activation that follow it.</summary>
    private static Dictionary<string, ClassStatistics> Means(nn.Module<Tensor, Tensor> model, IReadOnlyList<(Tensor Input, Tensor Labels)> batches)
    {
        var means = new Dictionary<string, ClassStatistics>();
        using var noGrad = no_grad();
        model.eval();
        foreach (var (input, labels) in batches)
        {
            using var scope = NewDisposeScope();
            var (features, layer) = (input, "");
            foreach (var (name, child) in model.named_children())
            {
                if (IsLayer(name) && layer.Length > 0)
                    Add(layer, features, labels);
                layer = IsLayer(name) ? name : layer;
                features = ((nn.Module<Tensor, Tensor>)child).call(features);
            }

            Add(layer, features, labels);
        }

        model.train();
        return means;

        void Add(string layer, Tensor features, Tensor labels)
        {
            if (!means.TryGetValue(layer, out var statistics))
                means.Add(layer, statistics = new ClassStatistics((int)features.shape[1], tracksScatter: false));
            statistics.Add(features, labels);
        }
    }

    private static bool IsLayer(string name) => name == "head" || name.StartsWith("linear", StringComparison.Ordinal);
}
