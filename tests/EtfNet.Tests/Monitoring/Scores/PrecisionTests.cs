using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class PrecisionTests
{
    /// <summary>Features of 16 bits, token sequences among them: the errors are those of the same numbers in float32.</summary>
    [Theory]
    [InlineData(ScalarType.BFloat16, 0)]
    [InlineData(ScalarType.BFloat16, 12)]
    [InlineData(ScalarType.Float16, 12)]
    public void HalfPrecisionFeatures_ErrorsAreThoseOfFloat32(ScalarType type, int tokens)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        using var model = nn.Identity();
        foreach (var onDevice in new[] { false, true })
        {
            using var monitor = new NccMonitor(
                model, new NccMonitorOptions { Include = [""], ScoreEvery = 1, AlwaysAsOnDevice = onDevice });
            var labels = randint(0, 10, [2000], dtype: int64, generator: generator);
            var centers = randn(10, 48, generator: generator);
            for (var epoch = 0; epoch < 2; epoch++)
            {
                // An offset that a mean rounded to 16 bits would not survive.
                var features = centers.index_select(0, labels) + 30;
                features = tokens == 0
                    ? features + (2.5 * randn(2000, 48, generator: generator))
                    : features.unsqueeze(1) + (8 * randn(2000, tokens, 48, generator: generator));
                var half = features.to(type);
                monitor.Observe("half", half, labels);
                monitor.Observe("single", half.to(float32), labels);
                var report = monitor.EndEpoch();
                if (epoch == 0)
                    continue;
                report["single"].NccError.Should().BeInRange(0.02, 0.6, "or there would be nothing to compare");
                report["half"].NccError.Should().BeApproximately(report["single"].NccError!.Value, 0.002);
            }
        }
    }

    [Fact]
    public void BatchSmallerThanTheClassCount_ErrorsAreThoseOfTwoPasses()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        const int classes = 1000;
        using var layer = nn.Linear(32, 32);
        using (no_grad())
            layer.weight.copy_(randn(32, 32, generator: generator) / Math.Sqrt(32));
        using var monitor = new NccMonitor(layer);
        var labels = arange(6 * classes).remainder(classes);
        var means = 1.2 * randn(classes, 32, generator: generator);
        var data = (Input: means.index_select(0, labels) + (0.7 * randn(6 * classes, 32, generator: generator)), Labels: labels);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Watched.Epoch(layer, monitor, data, 64);
            var online = monitor.EndEpoch()[""];
            online.PresentClasses.Should().Be(classes);
            if (epoch == 0)
                continue;
            online.Samples.Should().BeGreaterThanOrEqualTo(2000);
            var exact = monitor.Evaluate(Watched.Batches(data, 64))[""].NccError!.Value;
            exact.Should().BeInRange(0.02, 0.5);
            online.NccError.Should().BeApproximately(exact, 0.02, "of a third of the samples");
        }
    }
}
