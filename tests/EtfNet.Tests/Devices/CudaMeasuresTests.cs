using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Devices;

/// <summary>Measures and heads take tensors on any device, and mixed.</summary>
public sealed class CudaMeasuresTests
{
    [CudaFact]
    public void Of_OnCudaOrMixed_EqualsTheCpu()
    {
        using var scope = NewDisposeScope();
        var (features, labels) = Watched.Data(200, 16, 5, 1);
        var (weight, bias) = (Sample.Normal(1, 5, 16), Sample.Normal(2, 5));
        var expected = CollapseMetrics.Of(features, labels, weight, bias);
        CollapseMetrics.Of(features.cuda(), labels.cuda(), weight.cuda(), bias.cuda()).Should().Be(expected);
        CollapseMetrics.Of(features.cuda(), labels, weight, bias.cuda()).Should().Be(expected);
        var scores = NecoDetector.Fit(features.cuda(), 4).Score(features.cuda());
        Sample.Max(scores - NecoDetector.Fit(features, 4).Score(features)).Should().BeLessThan(1e-12);
    }

    [CudaFact]
    public void Head_OnCuda_EqualsTheCpu()
    {
        using var scope = NewDisposeScope();
        var (features, labels) = (Sample.Normal(1, 20, 16).requires_grad_(true), arange(20) % 5);
        double[] lengths = [1, 2, 3, 4, 5];
        using var here = new EtfHead(16, 5, dtype: float64);
        using var there = new EtfHead(16, 5, dtype: float64, device: CUDA);
        using var loss = new DotRegressionLoss(classLengths: lengths);
        var expected = loss.call(here.call(features), labels);
        expected.backward();
        var moved = features.detach().cuda().requires_grad_(true);
        var actual = loss.call(there.call(moved), labels.cuda());
        actual.backward();
        actual.item<double>().Should().BeApproximately(expected.item<double>(), 1e-12);
        Sample.Max(moved.grad!.cpu() - features.grad!).Should().BeLessThan(1e-12);
        FluentActions.Invoking(() => loss.call(there.call(moved), labels)).Should().Throw<ArgumentException>().WithMessage("*cpu*cuda*");
    }
}
