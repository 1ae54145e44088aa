using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class LogitFitTests
{
    [Theory]
    [InlineData(1, 2, 5, true)]
    [InlineData(2, 3, 2, true)]
    [InlineData(3, 10, 64, true)]
    [InlineData(4, 10, 64, false)]
    [InlineData(5, 30, 40, true)]
    public void To_AnyHead_NoNearbyScaleOrBiasIsBetter(int seed, int classes, int width, bool bias)
    {
        using var scope = NewDisposeScope();
        var (weight, inputs, logits) = Head(seed, classes, width);
        var shape = new FrameShape(classes, width, false);

        var (etf, fitted) = LogitFit.To(shape, weight, inputs, logits, bias)!.Value;

        var found = Divergence(etf.Scale, fitted);
        using var generator = new Generator((ulong)seed);
        for (var i = 0; i < 20; i++)
        {
            var step = randn(classes + 1, dtype: float64, generator: generator) * 0.01;
            var (scale, other) = (etf.Scale * (1 + step[0].item<double>()), fitted is null ? null : fitted + step.narrow(0, 1, classes));
            Divergence(scale, other).Should().BeGreaterThan(found - 1e-9);
        }

        double Divergence(double scale, Tensor? b)
        {
            var given = inputs.mm(etf.WithScale(scale).ToTensor().t());
            var target = logits.softmax(1);
            return (target * (target.log() - (b is null ? given : given + b).log_softmax(1))).sum(1).mean().item<double>();
        }
    }

    [Fact]
    public void To_WeightThatIsAFrame_IsFoundAgain()
    {
        using var scope = NewDisposeScope();
        var frame = SimplexEtf.Create(EtfFrame.Random(7), 10, 32, 2.5);
        var inputs = randn([200, 32], float64, generator: new Generator(1));
        var bias = randn(10, float64, generator: new Generator(2));
        var logits = inputs.mm(frame.ToTensor().t()) + bias;

        var (etf, fitted) = LogitFit.To(new FrameShape(10, 32, false), frame.ToTensor(), inputs, logits, true)!.Value;

        (etf.ToTensor() - frame.ToTensor()).abs().max().item<double>().Should().BeLessThan(1e-4);
        var probabilities = (inputs.mm(etf.ToTensor().t()) + fitted!).softmax(1);
        (probabilities - logits.softmax(1)).abs().max().item<double>().Should().BeLessThan(1e-4);
    }

    [Fact]
    public void To_HeadOfATrainedNetwork_CostsLessThanLeastSquares()
    {
        using var scope = NewDisposeScope();
        var (weight, inputs, logits) = Head(11, 10, 64);
        var bias = zeros(10, float64);

        var least = FrameFit.To(EtfFrame.Nearest, weight, bias, inputs, logits);
        var head = FrameFit.To(EtfFrame.Nearest, weight, bias, inputs, logits, new FrameFitOptions { IsHead = true });

        Divergence(head).Should().BeLessThan(Divergence(least));

        double Divergence(FrameFit fit)
        {
            var target = logits.softmax(1);
            return (target * (target.log() - (inputs.mm(fit.Etf.ToTensor().t()) + fit.Bias!).log_softmax(1))).sum(1).mean().item<double>();
        }
    }

    /// <summary>Class clusters, and a head that tells them apart with rows of unequal length.</summary>
    private static (Tensor Weight, Tensor Inputs, Tensor Logits) Head(int seed, int classes, int width)
    {
        using var generator = new Generator((ulong)seed);
        var means = randn([classes, width], float64, generator: generator);
        var labels = randint(0, classes, [300], dtype: int64, generator: generator);
        var inputs = means.index_select(0, labels) + 0.7 * randn([300, width], float64, generator: generator) + 1;
        var weight = means * (0.2 + rand([classes, 1], float64, generator: generator)) * 0.3;
        return (weight, inputs, inputs.mm(weight.t()));
    }
}
