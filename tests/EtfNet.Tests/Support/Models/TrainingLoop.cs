using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>The loop that a user has: as in the README.</summary>
internal static class TrainingLoop
{
    /// <summary>Gets options by which layers are fixed as soon as they have an error.</summary>
    public static AdaptiveEtfOptions Eager { get; } = new()
    {
        Epsilon = 0.4,
        MaxOutputError = double.PositiveInfinity,
        MaxErrorRise = double.PositiveInfinity,
        MaxLossRise = double.PositiveInfinity,
    };

    /// <summary>One epoch; returns the mean loss.</summary>
    public static double Epoch(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, Blobs data, AdaptiveEtfScheduler? etf = null)
    {
        model.train();
        var (sum, count) = (0.0, 0);
        using var outer = NewDisposeScope();
        foreach (var (input, labels) in data.Batches())
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(model.call(input), labels);
            loss.backward();
            optimizer.step();
            etf?.Observe(labels);
            sum += loss.item<float>();
            count++;
        }

        return sum / count;
    }

    /// <summary>Trains until the layer is fixed, at most so many epochs.</summary>
    public static EtfReport UntilFixed(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, Blobs data, AdaptiveEtfScheduler etf,
        string layer, int most = 12)
    {
        for (var epoch = 0; epoch < most; epoch++)
        {
            Epoch(model, optimizer, data, etf);
            var report = etf.EndEpoch();
            if (report.FixedLayers.Any(one => one.Name == layer))
                return report;
        }

        throw new InvalidOperationException($"{layer} was not fixed:{Environment.NewLine}{etf.Report}");
    }
}
