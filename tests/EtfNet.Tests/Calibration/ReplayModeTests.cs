using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

public sealed class ReplayModeTests
{
    [Fact]
    public void Forward_TrainedBatchNorm_UsesTheBatchAndDropoutIsOff()
    {
        using var scope = NewDisposeScope();
        var (model, norm) = Create();
        var input = randn([32, 6], generator: new Generator(1)) * 3 + 2;

        using (new ReplayMode(model))
        using (no_grad())
        {
            var output = model.call(input);
            output.mean([0]).abs().max().item<float>().Should().BeLessThan(1e-5f, "the batch's own mean is taken away");
            model.call(input).Equals(output).Should().BeTrue("dropout is off");
        }

        model.training.Should().BeTrue();
        norm.training.Should().BeTrue();
    }

    [Fact]
    public void Dispose_AfterCalls_BuffersMomentumAndModesAreAsBefore()
    {
        using var scope = NewDisposeScope();
        var (model, norm) = Create();
        model.call(randn([32, 6], generator: new Generator(1)));
        var before = model.named_buffers().Select(entry => entry.buffer.clone()).ToList();

        using (var mode = new ReplayMode(model))
        using (no_grad())
        {
            mode.ResetAverages();
            model.call(randn([32, 6], generator: new Generator(2)) * 5);
        }

        model.named_buffers().Select(entry => entry.buffer).Zip(before).Should().OnlyContain(pair => pair.First.Equals(pair.Second));
        norm.momentum.Should().Be(0.1);
    }

    [Fact]
    public void Forward_BatchNormInEvaluationMode_KeepsItsRunningStatistics()
    {
        using var scope = NewDisposeScope();
        var (model, norm) = Create();
        norm.eval();
        var input = randn([32, 6], generator: new Generator(1)) * 3 + 2;
        var expected = norm.call(input);

        using (var mode = new ReplayMode(model))
        using (no_grad())
        {
            mode.ResetAverages();
            (model.call(input) - expected).abs().max().item<float>().Should().Be(0);
            using var averages = mode.Averages();
            using var moved = averages;
        }

        norm.training.Should().BeFalse();
        (norm.running_mean!.abs().max().item<float>(), norm.num_batches_tracked!.item<long>()).Should().Be((0f, 0L));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Averages_OfSeveralBatches_AreTheirMean(int batches)
    {
        using var scope = NewDisposeScope();
        var (model, norm) = Create();
        var inputs = Enumerable.Range(0, batches).Select(i => randn([16, 6], generator: new Generator((ulong)i)) + i).ToList();

        BatchNormAverages averages;
        using (var mode = new ReplayMode(model))
        using (no_grad())
        {
            mode.ResetAverages();
            inputs.ForEach(input => model.call(input));
            averages = mode.Averages();
        }

        using (averages)
        using (var none = new BatchNormAverages([]))
            averages.Apply(none);
        (norm.running_mean! - stack(inputs.Select(input => input.mean([0]))).mean([0])).abs().max().item<float>()
            .Should().BeLessThan(1e-5f);
        (norm.running_var! - stack(inputs.Select(input => input.var(0, unbiased: true))).mean([0])).abs().max().item<float>()
            .Should().BeLessThan(1e-4f);
    }

    private static (nn.Module<Tensor, Tensor> Model, BatchNorm1d Norm) Create()
    {
        var norm = nn.BatchNorm1d(6);
        return (nn.Sequential(("norm", norm), ("drop", nn.Dropout(0.5))), norm);
    }
}
