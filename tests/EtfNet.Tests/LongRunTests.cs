using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

/// <summary>Ten thousand steps in one process. Leave long tests out by <c>--filter Category!=Long</c>.</summary>
[Trait("Category", "Long")]
public sealed class LongRunTests
{
    private const int Epochs = 500;
    private const int StepsPerEpoch = 20;
    private const int Round = 100;

    [Fact]
    public void Training_TenThousandStepsWithFixesAndReverts_KeepsNothingAndStaysRight()
    {
        manual_seed(11);
        using var data = new Blobs(samples: 32 * StepsPerEpoch);
        using var model = nn.Sequential(
            ("fc1", nn.Linear(16, 16)), ("relu1", nn.ReLU()), ("fc2", nn.Linear(16, 16)), ("relu2", nn.ReLU()),
            ("head", nn.Linear(16, Blobs.Classes)));
        using var optimizer = optim.SGD(model.parameters(), 0.02, momentum: 0.9);
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.3,
            MaxOutputError = double.PositiveInfinity,
            MaxErrorRise = double.PositiveInfinity,
            MaxLossRise = double.PositiveInfinity,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        var (live, losses, fixes) = (new List<long>(), new List<double>(), 0);
        etf.LayerFixed += (_, _) => fixes++;

        for (var epoch = 1; epoch <= Epochs; epoch++)
        {
            losses.Add(TrainingLoop.Epoch(model, optimizer, data, etf));
            var report = etf.EndEpoch();
            if (epoch % Round == 0)
            {
                report.FixedLayers.Should().HaveCount(3);
                live.Add(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
            }
            else if (epoch % (Round / 4) == 0)
            {
                foreach (var layer in report.FixedLayers.Reverse())
                {
                    etf.Revert(layer.Name);
                    etf.Allow(layer.Name);
                }
            }
        }

        (Epochs * StepsPerEpoch).Should().Be(10_000);
        live.Distinct().Should().ContainSingle("what a round holds, the next one holds");
        fixes.Should().Be(3 * (1 + (3 * Epochs / Round)));
        losses.Should().OnlyContain(loss => double.IsFinite(loss));
        losses[^1].Should().BeLessThan(0.1);
    }
}
