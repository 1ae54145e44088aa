using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class FrameFitTests
{
    private static readonly EtfFrame[] s_frames =
        [EtfFrame.Identity, EtfFrame.Random(3), EtfFrame.DenseRandom(3), EtfFrame.Nearest, EtfFrame.Aligned(8)];

    [Theory]
    [InlineData(48, 48)]
    [InlineData(40, 48)]
    [InlineData(49, 48)]
    [InlineData(96, 48)]
    [InlineData(3, 48)]
    public void To_AnyFrame_ErrorAndBiasAreThoseOfTheFrame(long rows, long columns)
    {
        foreach (var frame in s_frames)
            foreach (var withBias in new[] { false, true })
            {
                using var scope = NewDisposeScope();
                var (weight, bias, inputs, targets) = Layer(rows, columns, 7, withBias);
                var fit = FrameFit.To(frame.OrColumns, weight, bias, inputs, targets);
                using var owned = fit.Bias;

                var outputs = inputs.mm(fit.Etf.ToTensor().t());
                if (withBias)
                {
                    outputs += fit.Bias!;
                    // The bias takes up the mean.
                    Sample.Max(outputs.mean([0]) - targets.mean([0])).Should().BeLessThan(1e-11);
                }

                var reference = withBias ? targets - targets.mean([0], keepdim: true) : targets;
                var error = ((targets - outputs).norm() / reference.norm()).item<double>();
                fit.OutputError.Should().BeApproximately(error, 1e-10, "{0}", frame);
                (fit.Bias is null).Should().Be(!withBias);
            }
    }

    [Fact]
    public void To_AlignedOrNearest_ScaleIsLeastSquares()
    {
        foreach (var frame in new[] { EtfFrame.Aligned(8), EtfFrame.Nearest })
        {
            using var scope = NewDisposeScope();
            var (weight, _, inputs, targets) = Layer(48, 48, 9, false);
            var fit = FrameFit.To(frame, weight, null, inputs, targets);
            foreach (var factor in new[] { 0.99, 1.01 })
            {
                var other = inputs.mm(fit.Etf.WithScale(fit.Etf.Scale * factor).ToTensor().t());
                ((targets - other).norm() / targets.norm()).item<double>().Should().BeGreaterThan(fit.OutputError);
            }
        }
    }

    [Fact]
    public void To_AlignedOrNearest_NeverWorseThanRandomFrames()
    {
        foreach (var (rows, columns) in new (long, long)[] { (48, 48), (12, 48), (96, 48) })
            foreach (var frame in new[] { EtfFrame.Aligned(16), EtfFrame.Nearest })
            {
                using var scope = NewDisposeScope();
                var (weight, bias, inputs, targets) = Layer(rows, columns, 11, true);
                var fit = FrameFit.To(frame.OrColumns, weight, bias, inputs, targets);
                for (var seed = 0; seed < 100; seed++)
                {
                    var other = FrameFit.To(EtfFrame.DenseRandom(seed).OrColumns, weight, bias, inputs, targets);
                    other.Bias!.Dispose();
                    fit.OutputError.Should().BeLessThan(other.OutputError);
                }

                fit.Bias!.Dispose();
            }
    }

    [Fact]
    public void To_NearestOfLowRankInputs_IsTheWeightedPolarFactor()
    {
        using var scope = NewDisposeScope();
        var (weight, _, inputs, targets) = Layer(20, 20, 13, false);
        var fit = FrameFit.To(EtfFrame.Nearest, weight, null, inputs, targets);
        var moment = inputs.t().mm(inputs);
        var (a, _, b) = linalg.svd((eye(20, dtype: ScalarType.Float64) - 1.0 / 20).mm(weight).mm(moment));
        var wanted = a.narrow(1, 0, 19).mm(b.narrow(0, 0, 19)) * Math.Sqrt(20.0 / 19);
        Sample.Max(fit.Etf.WithScale(1).ToTensor() - wanted).Should().BeLessThan(1e-5);
    }

    [Fact]
    public void To_NarrowLayer_TakesNearest_WhereAlignedWouldNotBeCheaper()
    {
        using var scope = NewDisposeScope();
        var (weight, _, inputs, targets) = Layer(10, 48, 15, false);
        FrameFit.To(EtfFrame.Aligned(20), weight, null, inputs, targets).Etf.Kind.Should().Be(EtfFrameKind.Nearest);
        (weight, _, inputs, targets) = Layer(64, 64, 15, false);
        var aligned = FrameFit.To(EtfFrame.Aligned(8), weight, null, inputs, targets).Etf;
        aligned.Kind.Should().Be(EtfFrameKind.Aligned);
        aligned.Rank.Should().Be(8);
    }

    [Fact]
    public void To_AlignedToEnergy_TakesTheLeastRankThatHoldsIt()
    {
        using var scope = NewDisposeScope();
        var (weight, _, _, _) = Layer(64, 64, 15, false);
        // Energies 1, 1, 1, 1 and then 1e-3: 99% are in the first four.
        var spread = full([64], Math.Sqrt(1e-3), dtype: ScalarType.Float64);
        spread.narrow(0, 0, 4).fill_(1);
        var inputs = Sample.Orthonormal(3, 300, 64) * spread;
        FrameFit.To(EtfFrame.AlignedToEnergy(0.9, 30), weight, null, inputs, inputs.mm(weight.t())).Etf.Rank.Should().Be(4);
        FrameFit.To(EtfFrame.AlignedToEnergy(0.9, 3), weight, null, inputs, inputs.mm(weight.t())).Etf.Rank.Should().Be(3);
    }

    [Fact]
    public void To_OutputsAgainstTheInputs_StillAPositiveScale()
    {
        using var scope = NewDisposeScope();
        // The old outputs lie opposite to what the weight makes of the inputs of now, in the leading directions and then in all the others.
        var (weight, _, inputs, targets) = Layer(64, 64, 17, false);
        var directions = InputDirections.Leading(inputs, 1, 2);
        var within = inputs.mm(directions).mm(directions.t());
        foreach (var frame in s_frames)
            foreach (var outputs in new[] { -targets, (within * 2 - inputs).mm(weight.t()), (inputs - within).mm(weight.t()) })
            {
                var fit = FrameFit.To(frame, weight, null, inputs, outputs);
                fit.Etf.Scale.Should().BePositive();
                fit.OutputError.Should().BeLessThan(2);
            }
    }

    [Fact]
    public void To_NegativeLeastSquaresScale_TakesNearest()
    {
        using var scope = NewDisposeScope();
        // The rotation leaves most directions as they are; targets that turn all of those round pull its scale below zero.
        var inputs = Sample.Normal(5, 400, 64);
        var weight = -eye(64, dtype: ScalarType.Float64);
        var fit = FrameFit.To(EtfFrame.Aligned(2), weight, null, inputs, inputs.mm(weight.t()));
        fit.Etf.Kind.Should().Be(EtfFrameKind.Nearest);
        fit.OutputError.Should().BeLessThan(0.2, "only the mean over the outputs is lost");
    }

    [Fact]
    public void To_ZeroWeightOrInputs_GivesAFiniteFrame()
    {
        using var scope = NewDisposeScope();
        var zero = zeros(64, 64, dtype: ScalarType.Float64);
        var inputs = Sample.Normal(1, 30, 64);
        foreach (var frame in s_frames)
        {
            var silent = FrameFit.To(frame, zero, null, inputs, zeros(30, 64, dtype: ScalarType.Float64));
            silent.OutputError.Should().Be(double.PositiveInfinity);
            FrameFit.To(frame, Sample.Normal(2, 64, 64), null, zeros_like(inputs), zeros_like(inputs)).Etf.Scale.Should().BePositive();
        }
    }

    [Fact]
    public void To_FramesThatDependOnNoWeight_KeepTheNormOfTheOutputs()
    {
        using var scope = NewDisposeScope();
        foreach (var (rows, columns) in new (long, long)[] { (20, 20), (50, 20) })
            foreach (var frame in s_frames[..3])
            {
                var (weight, _, inputs, targets) = Layer(rows, columns, 19, false);
                var fit = FrameFit.To(frame.OrColumns, weight, null, inputs, targets);
                var ratio = inputs.mm(fit.Etf.ToTensor().t()).norm() / targets.norm();
                ratio.item<double>().Should().BeApproximately(1, 1e-12);

                // Without outputs to go by: the norm of the weight, and without that 1.
                var points = Math.Min(rows, columns);
                var still = zeros(30, columns, dtype: ScalarType.Float64);
                var none = zeros(30, rows, dtype: ScalarType.Float64);
                FrameFit.To(frame.OrColumns, weight, null, still, none).Etf.Scale
                    .Should().BeApproximately(weight.norm().item<double>() / Math.Sqrt(points), 1e-12);
                FrameFit.To(frame.OrColumns, weight * 0, null, still, none).Etf.Scale.Should().Be(1);
            }
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void IsCheaper_TwoSkinnyProducts_UpToTheWorkOfTheDenseOne(long rank, bool cheaper) =>
        FrameFit.IsCheaper(new FrameShape(64, 64, false), rank).Should().Be(cheaper);

    [Fact]
    public void To_BatchesOfAnyShape_AreRows()
    {
        using var scope = NewDisposeScope();
        var (weight, bias, inputs, targets) = Layer(48, 48, 21, true);
        var flat = FrameFit.To(EtfFrame.Aligned(8), weight, bias, inputs, targets);
        var shaped = FrameFit.To(EtfFrame.Aligned(8), weight, bias, inputs.reshape(20, 10, 48), targets.reshape(20, 10, 48));
        using var owned = flat.Bias;
        using var other = shaped.Bias;
        shaped.Etf.Should().Be(flat.Etf);
        shaped.OutputError.Should().Be(flat.OutputError);
    }

    [Fact]
    public void To_BadInput_Throws()
    {
        using var scope = NewDisposeScope();
        var (weight, bias, inputs, targets) = Layer(8, 8, 1, true);
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight * double.NaN, bias, inputs, targets))
            .Should().Throw<ArgumentException>().WithParameterName("weight");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias, inputs / 0, targets))
            .Should().Throw<ArgumentException>().WithParameterName("inputs");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias, inputs, targets.log()))
            .Should().Throw<ArgumentException>().WithParameterName("targets");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias![..3], inputs, targets))
            .Should().Throw<ArgumentException>().WithParameterName("bias");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias!.unsqueeze(1), inputs, targets))
            .Should().Throw<ArgumentException>().WithParameterName("bias");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias! / 0, inputs, targets))
            .Should().Throw<ArgumentException>().WithParameterName("bias");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias, inputs[.., ..4], targets))
            .Should().Throw<ArgumentException>().WithMessage("*(200, 4)*");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias, inputs, targets[.., ..4]))
            .Should().Throw<ArgumentException>().WithMessage("*(200, 4)*");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, weight, bias, inputs[..5], targets))
            .Should().Throw<ArgumentException>().WithMessage("*(5, 8)*");
        Invoking(() => FrameFit.To(EtfFrame.Nearest, Sample.Normal(1, 12, 8), null, inputs, Sample.Normal(1, 200, 12)))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*OrColumns*");
    }

    [Fact]
    public void To_OverAndOver_LeavesNoTensor()
    {
        var (weight, bias, inputs, targets) = Layer(40, 40, 1, true);
        var before = 0L;
        for (var pass = 0; pass < 3; pass++)
        {
            foreach (var frame in s_frames)
                FrameFit.To(frame, weight, bias, inputs, targets).Bias!.Dispose();
            if (pass == 0)
                before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    /// <summary>A layer, inputs of falling energy away from the origin, and its outputs.</summary>
    private static (Tensor Weight, Tensor? Bias, Tensor Inputs, Tensor Targets) Layer(long rows, long columns, int seed, bool withBias)
    {
        var weight = Sample.Normal(seed, rows, columns) / Math.Sqrt(columns);
        var inputs = (Sample.Normal(seed + 1, 200, columns) * linspace(2, 0.1, columns, dtype: ScalarType.Float64))
            .mm(Sample.Orthonormal(seed + 2, columns, columns)) + 0.5;
        var bias = withBias ? Sample.Normal(seed + 3, rows) : null;
        var targets = inputs.mm(weight.t());
        return (weight, bias, inputs, bias is null ? targets : targets + bias);
    }

    [Fact]
    public void To_ByClassMeans_KeepsTheDirectionsBetweenClassesAndNotTheLoudest()
    {
        using var scope = NewDisposeScope();
        var labels = arange(300) % 3;
        var inputs = Sample.Normal(3, 300, 64) * 0.01;
        // Loud, and the same in every class.
        inputs[TensorIndex.Colon, 0] += 20 * ((arange(300).div(3, RoundingMode.floor) % 2) * 2 - 1).to(ScalarType.Float64);
        inputs[TensorIndex.Colon, 1] += labels.to(ScalarType.Float64) - 1;
        var weight = Sample.Normal(5, 64, 64);
        var (targets, byMeans) = (inputs.mm(weight.t()), EtfFrame.Aligned(1) with { ByClassMeans = true });
        var wanted = weight[TensorIndex.Colon, 1] - weight[TensorIndex.Colon, 1].mean();

        // Where the weight sends the direction between the classes, the frame sends it too.
        Agreement(FrameFit.To(byMeans, weight, null, inputs, targets, new FrameFitOptions { Labels = labels }))
            .Should().BeGreaterThan(0.95);
        Agreement(FrameFit.To(EtfFrame.Aligned(1), weight, null, inputs, targets, new FrameFitOptions { Labels = labels }))
            .Should().BeLessThan(0.6);
        Agreement(FrameFit.To(byMeans, weight, null, inputs, targets)).Should().BeLessThan(0.6, "without labels it goes by the inputs");

        double Agreement(FrameFit fit)
        {
            var image = fit.Etf.ToTensor()[TensorIndex.Colon, 1];
            return (image.dot(wanted) / (image.norm() * wanted.norm())).item<double>();
        }
    }
}
