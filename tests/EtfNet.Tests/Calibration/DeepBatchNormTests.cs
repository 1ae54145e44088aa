using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

/// <summary>Deep networks with batch norm and few steps per epoch: their running statistics lag far behind the weights when the first layer
/// is ready.</summary>
public sealed class DeepBatchNormTests
{
    private const int Classes = 10;
    private const int Samples = 320;
    private const int BatchSize = 32;

    [Theory]
    [InlineData("MobileNet")]
    [InlineData("ResNet")]
    public void EndEpoch_FixesALayer_TheTrainingLossRisesByAtMostATenth(string kind) => Check(kind, seed: 1);

    [Theory]
    [Trait("Category", "Long")]
    [InlineData("MobileNet", 2)]
    [InlineData("MobileNet", 3)]
    [InlineData("MobileNet", 4)]
    [InlineData("MobileNet", 5)]
    [InlineData("ResNet", 2)]
    [InlineData("ResNet", 3)]
    [InlineData("ResNet", 4)]
    [InlineData("ResNet", 5)]
    public void EndEpoch_FixesALayerOfAnotherSeed_TheTrainingLossRisesByAtMostATenth(string kind, int seed) => Check(kind, seed);

    private static void Check(string kind, int seed)
    {
        manual_seed(seed);
        using var outer = NewDisposeScope();
        var (inputs, labels) = Images(seed);
        var model = kind == "MobileNet" ? DeepNetworks.MobileNet(Classes) : DeepNetworks.ResNet(Classes);
        var optimizer = optim.Adam(model.parameters(), 0.002);
        using var etf = model.ApplyAdaptiveEtf(epsilon: 0.6, optimizer);
        using var order = new Generator((ulong)seed);
        for (var epoch = 0; epoch < 6; epoch++)
        {
            model.train();
            foreach (var batch in randperm(Samples, generator: order).split(BatchSize))
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(inputs[batch]), labels[batch]).backward();
                optimizer.step();
                etf.Observe(labels[batch]);
            }

            var before = Loss();
            var report = etf.EndEpoch();
            if (report.NewlyFixed.Count > 0)
                Loss().Should().BeLessThan(before * 1.1, report.ToString());
        }

        etf.Report.FixedLayers.Should().NotBeEmpty(etf.Report.ToString());
        // What a user sees who evaluates right after: the running statistics agree with the fixed layers.
        model.eval();
        using var noGrad = no_grad();
        model.call(inputs).argmax(1).eq(labels).to(float32).mean().item<float>().Should().BeGreaterThan(0.5f);

        double Loss()
        {
            using var scope = NewDisposeScope();
            using var suspended = etf.Suspend();
            using var still = no_grad();
            return inputs.split(BatchSize).Zip(labels.split(BatchSize)).Average(batch =>
                nn.functional.cross_entropy(model.call(batch.First), batch.Second).item<float>());
        }
    }

    private static (Tensor Inputs, Tensor Labels) Images(int seed)
    {
        using var generator = new Generator((ulong)seed);
        var patterns = nn.functional.interpolate(randn([Classes, 3, 4, 4], generator: generator), size: [16, 16]);
        var labels = randint(0, Classes, [Samples], dtype: int64, generator: generator);
        return (patterns.index_select(0, labels) + 0.6 * randn([Samples, 3, 16, 16], generator: generator), labels);
    }
}
