using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>A model whose parameters are of 16 bits, from the first step to deployment.</summary>
public sealed class BFloat16TrainingTests : IDisposable
{
    private readonly Blobs _data = new();
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("Nearest")]
    [InlineData("Aligned")]
    [InlineData("Identity")]
    public void Training_OfABFloat16Model_IsFixedSavedResumedAndMaterialized(string frame)
    {
        var options = TrainingLoop.Eager with
        {
            Frame = frame switch { "Nearest" => EtfFrame.Nearest, "Aligned" => EtfFrame.Aligned(3), _ => EtfFrame.Identity },
            Include = ["hidden"],
        };
        manual_seed(3);
        using var model = Make();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        EtfReport report;
        do
        {
            Epoch(model, optimizer, etf);
            report = etf.EndEpoch();
        }
        while (report.FixedLayers.Count == 0 && report.Epoch < 12);

        report.FixedLayers.Should().ContainSingle().Which.Name.Should().Be("hidden");
        model.state_dict().Values.Where(value => value.is_floating_point()).Should().OnlyContain(value => value.dtype == bfloat16);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Epoch(model, optimizer, etf);
            etf.EndEpoch();
        }

        Accuracy(model).Should().BeGreaterThan(0.9, "the head has adapted to the frame");

        EtfCheckpoint.Save(_folder.File("checkpoint"), etf);
        using var other = Make();
        using var otherOptimizer = optim.SGD(other.parameters(), 0.05, momentum: 0.9);
        using var resumed = other.ApplyAdaptiveEtf(options, otherOptimizer);
        EtfCheckpoint.Load(_folder.File("checkpoint"), resumed);
        ModelBytes.Of(other).Should().Equal(ModelBytes.Of(model));

        resumed.Dispose();
        using var scope = NewDisposeScope();
        other.eval();
        var before = other.call(_data.Inputs.to(bfloat16)).to(float32);
        other.MaterializeEtf().Should().Equal("hidden");
        var after = other.call(_data.Inputs.to(bfloat16));
        after.dtype.Should().Be(bfloat16);
        Sample.Max(after.to(float32) - before)
            .Should().BeLessThan(0.03 * before.abs().max().item<float>(), "8 bits of a mantissa are kept");
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private static nn.Module<Tensor, Tensor> Make() => Shapes.Make("ModuleField").to(bfloat16);

    private void Epoch(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, AdaptiveEtfScheduler etf)
    {
        model.train();
        foreach (var (input, labels) in _data.Batches())
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(input.to(bfloat16)), labels).backward();
            optimizer.step();
            etf.Observe(labels);
        }
    }

    private double Accuracy(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        model.eval();
        return model.call(_data.Inputs.to(bfloat16)).argmax(1).eq(_data.Labels).to(float64).mean().item<double>();
    }
}
