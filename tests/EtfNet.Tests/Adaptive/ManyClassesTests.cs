using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Far more classes than a batch has samples.</summary>
public sealed class ManyClassesTests
{
    private const int Classes = 1000;
    private const int Width = 32;

    /// <summary>Separate classes are fixed, overlapping ones are not: in either case the online error is that of two passes.</summary>
    [Theory]
    [InlineData(0.05, true)]
    [InlineData(0.8, false)]
    public void Training_ThousandClassesInBatchesOf64_IsDecidedAsByTwoPasses(double noise, bool isFixed)
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var means = randn([Classes, Width], generator: generator);
        var labels = randperm(4 * Classes, generator: generator).remainder(Classes);
        var inputs = means.index_select(0, labels) + (noise * randn([4 * Classes, Width], generator: generator));
        var model = nn.Sequential(
            ("fc1", nn.Linear(Width, Width)), ("act", nn.LeakyReLU(0.5)), ("fc2", nn.Linear(Width, Width)), ("act2", nn.LeakyReLU(0.5)),
            ("head", nn.Linear(Width, Classes)));
        // Small steps: the centers of the epoch before are those of this one, so that online errors can be held against exact ones.
        var optimizer = optim.Adam(model.parameters(), 1e-5);
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.1,
            MaxPerEpoch = 100,
            MaxOutputError = double.PositiveInfinity,
            MaxErrorRise = 0.2,
            MaxLossRise = double.PositiveInfinity,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        using var exact = new NccMonitor(model);
        var fixedSoFar = 0;
        for (var epoch = 0; epoch < 5; epoch++)
        {
            using var inner = NewDisposeScope();
            foreach (var (input, target) in inputs.split(64).Zip(labels.split(64)))
            {
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(input), target).backward();
                optimizer.step();
                etf.Observe(target);
            }

            using (etf.Suspend())
            {
                var expected = exact.Evaluate(Watched.Batches((inputs, labels), 500));
                var report = etf.EndEpoch();
                foreach (var layer in report.Layers.Where(layer => layer.NccError is not null && fixedSoFar == 0))
                    layer.NccError.Should().BeApproximately(expected[layer.Name].NccError!.Value, 0.06, report.ToString());
                fixedSoFar = report.FixedLayers.Count;
            }
        }

        (etf.Report.FixedLayers.Count > 0).Should().Be(isFixed, etf.Report.ToString());
    }
}
