using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>TorchVision's networks as they come, with one line added to a loop of 50 steps.</summary>
public sealed class TorchVisionTests
{
    private const int Classes = 4;
    private const int BatchSize = 8;
    private const int Epochs = 5;
    private const int Steps = 10;

    /// <summary>Gets the networks, with the least share of their parameters in reach; all of them where <c>ETFNET_ALL_NETWORKS</c> is
    /// set.</summary>
    public static TheoryData<string, double> Networks => Environment.GetEnvironmentVariable("ETFNET_ALL_NETWORKS") is null
        ? new() { { "resnet18", 0.9 } }
        : new() { { "resnet18", 0.9 }, { "mobilenet_v2", 0.4 }, { "googlenet", 0.9 } };

    [Theory]
    [MemberData(nameof(Networks))]
    public void FiftySteps_FixAConvolutionAndTrainAsTheBaselineDoes(string name, double reach)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        var start = statistics.ThreadTotalLiveCount;
        var baseline = Train(name, adaptive: false).Losses;
        statistics.ThreadTotalLiveCount.Should().Be(start);
        var (losses, report) = Train(name, adaptive: true);
        // The parameter of a replaced layer lives on, as one number, with whoever holds it.
        (statistics.ThreadTotalLiveCount - start).Should().BeLessThanOrEqualTo(report!.FixedLayers.Count);

        report.FixedLayers.Select(layer => layer.Name).Should().Contain(layer => layer.Contains("conv", StringComparison.Ordinal)
            || layer.StartsWith("features", StringComparison.Ordinal), report.ToString());
        var all = report.ParametersInReach + report.ParametersOutOfReach;
        ((double)report.ParametersInReach / all).Should().BeGreaterThan(reach, report.ToString());
        losses[^1].Should().BeLessThan(losses[0]).And.BeLessThan((1.5 * baseline[^1]) + 0.2, report.ToString());
    }

    /// <returns>The mean loss of each epoch, and the last report.</returns>
    private static (List<double> Losses, EtfReport? Report) Train(string name, bool adaptive)
    {
        manual_seed(1);
        using var outer = NewDisposeScope();
        using var generator = new Generator(2);
        var patterns = nn.functional.interpolate(randn([Classes, 3, 4, 4], generator: generator), size: [64, 64]);
        var labels = randint(0, Classes, [Steps * BatchSize], dtype: int64, generator: generator);
        var images = patterns.index_select(0, labels) + (0.3 * randn([Steps * BatchSize, 3, 64, 64], generator: generator));
        using nn.Module<Tensor, Tensor> model = name switch
        {
            "resnet18" => torchvision.models.resnet18(num_classes: Classes),
            "mobilenet_v2" => torchvision.models.mobilenet_v2(num_classes: Classes),
            _ => torchvision.models.googlenet(num_classes: Classes),
        };
        using var optimizer = optim.SGD(model.parameters(), 0.02, momentum: 0.9);
        // Small networks of few steps: what is fixed here shows that all goes on, not that it is worth it.
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.5,
            RequireConfidence = false,
            MaxPerEpoch = 1,
            MaxOutputError = 1,
            CalibrationSamples = 80,
        };
        using var etf = adaptive ? model.ApplyAdaptiveEtf(options, optimizer) : null;
        var losses = new List<double>();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            model.train();
            var sum = 0.0;
            for (var step = 0; step < Steps; step++)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                var batch = labels.slice(0, step * BatchSize, (step + 1) * BatchSize, 1);
                var loss = nn.functional.cross_entropy(model.call(images.slice(0, step * BatchSize, (step + 1) * BatchSize, 1)), batch);
                loss.backward();
                optimizer.step();
                etf?.Observe(batch);
                sum += loss.item<float>();
            }

            losses.Add(sum / Steps);
            etf?.EndEpoch();
        }

        return (losses, etf?.Report);
    }
}
