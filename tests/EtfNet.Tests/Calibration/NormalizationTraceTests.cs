using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

/// <summary>The outputs of a layer, as rows, behind each kind of normalization.</summary>
public sealed class NormalizationTraceTests
{
    [Fact]
    public void Of_NormalizationsOfMaps_DoesWhatTheyDoToOneMap()
    {
        using var scope = NewDisposeScope();
        foreach (var (name, norm, isKnown) in new (string, nn.Module<Tensor, Tensor>, bool)[]
        {
            ("batch", nn.BatchNorm2d(8, affine: false, eps: 1e-12), true), ("instance", nn.InstanceNorm2d(8, eps: 1e-12), true),
            ("group 8", nn.GroupNorm(8, 8, eps: 1e-12, affine: false), true),
            ("group 4", nn.GroupNorm(4, 8, eps: 1e-12, affine: false), true),
            ("group 1", nn.GroupNorm(1, 8, eps: 1e-12, affine: false), true),
            ("layer, whole", nn.LayerNorm([8, 6, 5], eps: 1e-12, elementwise_affine: false), true),
            ("layer, rows", nn.LayerNorm([6, 5], eps: 1e-12, elementwise_affine: false), false),
            ("layer, columns", nn.LayerNorm(5, eps: 1e-12, elementwise_affine: false), false),
        })
        {
            // One map, so that statistics over all maps are those of this one.
            var (kind, outputs, behind) = Traced(nn.Conv2d(3, 8, 3, padding: 1), norm.to(ScalarType.Float64), Sample.Normal(1, 1, 3, 6, 5));
            (kind != OutputNormalization.None).Should().Be(isKnown, name);
            if (isKnown)
                Sample.Max(kind.Apply(Rows(outputs)) - Rows(behind)).Should().BeLessThan(1e-4, name);
        }

        // Maps of one column, and many maps of one position, which are samples.
        foreach (var (norm, shape) in new (nn.Module<Tensor, Tensor>, long[])[]
        {
            (nn.LayerNorm([8, 6, 1], eps: 1e-12, elementwise_affine: false), [1, 3, 6, 1]),
            (nn.GroupNorm(2, 8, eps: 1e-12, affine: false), [1, 3, 6, 1]),
            (nn.LayerNorm([8, 1, 1], eps: 1e-12, elementwise_affine: false), [9, 3, 1, 1]),
            (nn.GroupNorm(2, 8, eps: 1e-12, affine: false), [9, 3, 1, 1]),
        })
        {
            var (kind, outputs, behind) = Traced(
                nn.Conv2d(3, 8, (3, 1), padding: (1, 0)), norm.to(ScalarType.Float64), Sample.Normal(1, shape));
            kind.IsPerFeature.Should().BeFalse();
            Sample.Max(kind.Apply(Rows(outputs)) - Rows(behind)).Should().BeLessThan(1e-4);
        }

        static Tensor Rows(Tensor maps) => maps.permute(0, 2, 3, 1).reshape(-1, 8);
    }

    [Fact]
    public void Of_NormalizationsOfRows_DoesWhatTheyDo()
    {
        using var scope = NewDisposeScope();
        foreach (var (name, norm, shape, isKnown) in new (string, nn.Module<Tensor, Tensor>, long[], bool)[]
        {
            ("batch", nn.BatchNorm1d(8, affine: false, eps: 1e-12), [9, 3], true),
            ("layer", nn.LayerNorm(8, eps: 1e-12, elementwise_affine: false), [9, 3], true),
            ("layer of tokens", nn.LayerNorm(8, eps: 1e-12, elementwise_affine: false), [2, 4, 3], true),
            ("layer, whole", nn.LayerNorm([4, 8], eps: 1e-12, elementwise_affine: false), [1, 4, 3], true),
            ("batch, of positions", nn.BatchNorm1d(4, affine: false), [2, 4, 3], false),
        })
        {
            var (kind, outputs, behind) = Traced(nn.Linear(3, 8), norm.to(ScalarType.Float64), Sample.Normal(1, shape));
            (kind != OutputNormalization.None).Should().Be(isKnown, name);
            if (isKnown)
                Sample.Max(kind.Apply(outputs.reshape(-1, 8)) - behind.reshape(-1, 8)).Should().BeLessThan(1e-4, name);
        }
    }

    /// <summary>Weak channels count behind a group norm of one channel each as much as strong ones.</summary>
    [Fact]
    public void FrameFit_BehindGroups_ErrorIsThatOfNormalizedOutputs()
    {
        using var scope = NewDisposeScope();
        var inputs = Sample.Normal(1, 2000, 24);
        var weight = Sample.Normal(2, 16, 24) * pow(10, linspace(-2, 2, 16, dtype: ScalarType.Float64)).unsqueeze(1);
        foreach (var groups in new long[] { 16, 8, 1 })
        {
            var kind = OutputNormalization.OfGroups(groups, 16);
            var targets = inputs.mm(weight.t());
            var fit = FrameFit.To(
                EtfFrame.Nearest, weight, null, inputs, targets, new FrameFitOptions { Normalization = kind });
            var (wanted, got) = (kind.Apply(targets), kind.Apply(inputs.mm(fit.Etf.ToTensor().t())));
            fit.OutputError.Should().BeApproximately(((wanted - got).norm() / wanted.norm()).item<double>(), 1e-6);
            // A fit that knows of no groups serves the strong channels alone.
            var blind = FrameFit.To(EtfFrame.Nearest, weight, null, inputs, targets);
            got = kind.Apply(inputs.mm(blind.Etf.ToTensor().t()));
            if (groups > 1)
                fit.OutputError.Should().BeLessThan(0.8 * ((wanted - got).norm() / wanted.norm()).item<double>(), "{0} groups", groups);
        }
    }

    /// <summary>The means that the bias gives are part of what a norm of several features sees.</summary>
    [Fact]
    public void FrameFit_BehindGroupsWithABias_ErrorIsThatOfNormalizedOutputs()
    {
        using var scope = NewDisposeScope();
        var (inputs, weight) = (Sample.Normal(1, 2000, 24), Sample.Normal(2, 16, 24));
        var bias = 30 * Sample.Normal(3, 16);
        foreach (var kind in new[]
        {
            OutputNormalization.OfGroups(4, 16), OutputNormalization.OfGroups(1, 16), OutputNormalization.Samples,
        })
        {
            var targets = inputs.mm(weight.t()) + bias;
            var fit = FrameFit.To(EtfFrame.Random(1), weight, bias, inputs, targets, new FrameFitOptions { Normalization = kind });
            var (wanted, got) = (kind.Apply(targets), kind.Apply(inputs.mm(fit.Etf.ToTensor().t()) + fit.Bias!));
            var spread = wanted - wanted.mean([0], keepdim: true);
            fit.OutputError.Should().BeApproximately(((wanted - got).norm() / spread.norm()).item<double>(), 1e-6);
            fit.Bias!.Dispose();
        }
    }

    private static (OutputNormalization Kind, Tensor Outputs, Tensor Behind) Traced(
        nn.Module<Tensor, Tensor> layer, nn.Module<Tensor, Tensor> norm, Tensor input)
    {
        using var model = nn.Sequential(("layer", layer.to(ScalarType.Float64)), ("norm", norm));
        using var trace = new NormalizationTrace(model);
        Tensor? outputs = null;
        var hook = layer.register_forward_hook((_, _, output) =>
        {
            trace.Gave(layer, output);
            outputs = output.clone();
            return null!;
        });
        var behind = model.call(input);
        hook.remove();
        return (trace.Of(layer), outputs!.detach(), behind.detach());
    }
}
