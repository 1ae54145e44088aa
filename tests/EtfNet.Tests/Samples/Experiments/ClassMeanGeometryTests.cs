using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class ClassMeanGeometryTests
{
    [Fact]
    public void Measure_InputsAtTheCornersOfASimplex_IsASimplexEtf()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = nn.Sequential(("linear1", Identity(5)), ("relu1", nn.ReLU()), ("head", Identity(5)));
        var labels = arange(40) % 5;

        var layers = ClassMeanGeometry.Measure(model, new TensorSet(nn.functional.one_hot(labels, 5).to(float32), labels));

        layers.Select(layer => layer.Layer).Should().Equal("linear1", "head");
        foreach (var layer in layers)
        {
            layer.SmallestCosine.Should().BeApproximately(-0.25, 1e-6);
            layer.LargestCosine.Should().BeApproximately(-0.25, 1e-6);
            layer.MeanCosine.Should().BeApproximately(-0.25, 1e-6);
            layer.EffectiveRank.Should().BeApproximately(4, 1e-5);
            layer.Equinorm.Should().BeApproximately(0, 1e-6);
        }

        model.training.Should().BeTrue();
    }

    [Fact]
    public void Measure_TwoClassesFallenTogether_HaveACosineOfOneAndLessRank()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("linear1", Identity(5)), ("relu1", nn.ReLU()), ("head", Identity(5)));
        var labels = arange(40) % 5;
        var inputs = nn.functional.one_hot(where(labels.eq(4), tensor(3L), labels), 5).to(float32);

        var layer = ClassMeanGeometry.Measure(model, new TensorSet(inputs, labels))[0];

        layer.LargestCosine.Should().BeApproximately(1, 1e-6);
        layer.EffectiveRank.Should().BeLessThan(3.001);
    }

    private static TorchSharp.Modules.Linear Identity(int width)
    {
        var linear = nn.Linear(width, width);
        using var noGrad = no_grad();
        linear.weight.copy_(eye(width));
        linear.bias!.zero_();
        return linear;
    }
}
