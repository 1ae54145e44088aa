using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Transformer;

public sealed class EtfFeedForwardTests
{
    [Theory]
    [InlineData(4, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    [InlineData(0.5, false)]
    public void Frames_AnyRatio_AreSimplexEtfsWithoutRepeatedUnits(double ratio, bool upIsColumns)
    {
        using var scope = NewDisposeScope();
        using var layer = new EtfFeedForward(12, new EtfFeedForwardOptions { WidthRatio = ratio });
        var (up, down) = (((SimplexEtfLinear)layer.Up).Etf, ((SimplexEtfLinear)layer.Down).Etf);
        up.IsColumnFrame.Should().Be(upIsColumns);
        down.IsColumnFrame.Should().Be(ratio < 1);
        foreach (var etf in new[] { up, down })
        {
            var dense = etf.ToTensor();
            SimplexEtf.Measure(dense, etf.IsColumnFrame).Cosines.Should().BeLessThan(1e-10);
            // No two rows alike, none of zeros, and every input seen: nothing silently degenerate.
            var distances = cdist(dense, dense) + eye(etf.Rows, dtype: ScalarType.Float64) * 1e3;
            distances.min().item<double>().Should().BeGreaterThan(1e-3);
            dense.norm(1).min().item<double>().Should().BeGreaterThan(1e-3);
            dense.norm(0).min().item<double>().Should().BeGreaterThan(1e-3);
            linalg.matrix_rank(dense).item<long>().Should().BeGreaterThanOrEqualTo(Math.Min(etf.Rows, etf.Columns) - 1);
        }

        up.Seed.Should().NotBe(down.Seed);
    }

    [Fact]
    public void Forward_InputsWithoutDirection_KeepsTheirVarianceBeforeTheActivation()
    {
        using var scope = NewDisposeScope();
        foreach (var ratio in new[] { 0.5, 1, 4 })
        {
            using var layer = new EtfFeedForward(64, new EtfFeedForwardOptions { WidthRatio = ratio });
            var units = layer.Up.call(Sample.Normal(1, 500, 64).to(ScalarType.Float32));
            units.std().item<float>().Should().BeApproximately(1, 0.05f);
        }
    }

    [Fact]
    public void Constructor_Defaults_StoresNoWeight()
    {
        using var layer = new EtfFeedForward(32);
        layer.named_parameters().Select(p => p.name).Should().Equal("up.bias", "up_scale.weight", "down.bias", "down_scale.weight");
        var footprint = layer.MeasureFootprint();
        footprint.TrainableParameters.Should().Be((2 * 128) + (2 * 32));
        footprint.FixedParameters.Should().Be(2 * 32 * 128);
        // Biases, factors and seven numbers for each frame.
        footprint.WeightBytes.Should().Be((4 * footprint.TrainableParameters) + (2 * 56));
    }

    [Theory]
    [InlineData(FixedProjections.None, false, false)]
    [InlineData(FixedProjections.Up, true, false)]
    [InlineData(FixedProjections.Down, false, true)]
    [InlineData(FixedProjections.Both, true, true)]
    public void Constructor_FixedProjections_FixesThoseAlone(FixedProjections choice, bool up, bool down)
    {
        using var layer = new EtfFeedForward(6, new EtfFeedForwardOptions { Fixed = choice });
        (layer.Up is SimplexEtfLinear, layer.Down is SimplexEtfLinear).Should().Be((up, down));
        (layer.Up is Linear, layer.Down is Linear).Should().Be((!up, !down));
        (layer.HiddenUnits, layer.Width).Should().Be((24L, 6L));
        layer.named_children().Any(child => child.name == "up_scale").Should().Be(up);
    }

    [Fact]
    public void State_LoadedIntoAnother_GivesTheSameOutputs()
    {
        using var scope = NewDisposeScope();
        using var one = new EtfFeedForward(8);
        using var two = new EtfFeedForward(8);
        using (no_grad())
            foreach (var (index, parameter) in one.parameters().Index())
                parameter.add_(Sample.Normal(index, parameter.shape).to(ScalarType.Float32));
        var x = Sample.Normal(9, 3, 8).to(ScalarType.Float32);
        Sample.Max(one.call(x) - two.call(x)).Should().BeGreaterThan(0.01);
        two.load_state_dict(one.state_dict());
        Sample.Max(one.call(x) - two.call(x)).Should().Be(0);

        using var other = new EtfFeedForward(8, new EtfFeedForwardOptions { Frame = EtfFrame.Random(7) });
        other.load_state_dict(one.state_dict());
        Invoking(() => other.call(x)).Should()
            .Throw<InvalidOperationException>("frames of another seed are no frames of this layer")
            .WithMessage("*random_32x8_columns_seed_0*random_32x8_columns_seed_7*");
    }

    [Fact]
    public void Construction_BadOptions_NameThem()
    {
        foreach (var ratio in new[] { 0, -1, double.NaN, double.PositiveInfinity })
            Invoking(() => new EtfFeedForwardOptions { WidthRatio = ratio })
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("WidthRatio");
        foreach (var value in new[] { -0.1, 1, double.NaN })
            Invoking(() => new EtfFeedForwardOptions { Dropout = value })
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Dropout");
        Invoking(() => new EtfFeedForwardOptions { Fixed = (FixedProjections)4 })
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Fixed");
        Invoking(() => new EtfFeedForwardOptions { Activation = (FeedForwardActivation)9 })
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Activation");
        Invoking(() => new EtfFeedForwardOptions { Frame = EtfFrame.Nearest })
            .Should().Throw<ArgumentException>().WithMessage("*ApplyAdaptiveEtf*");
        Invoking(() => new EtfFeedForwardOptions { Frame = null! }).Should().Throw<ArgumentNullException>();
        Invoking(() => new EtfFeedForward(1)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("width");
        Invoking(() => new EtfFeedForward(8, dtype: ScalarType.Int32)).Should().Throw<ArgumentException>().WithParameterName("dtype");
        Invoking(() => new EtfFeedForward(8, new EtfFeedForwardOptions { WidthRatio = 0.1 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*give 1 hidden units*at least 2*");
        Invoking(() => new EtfFeedForward(8, new EtfFeedForwardOptions { WidthRatio = 1e12 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*at most*");
        Invoking(() => new EtfFeedForward(8, new EtfFeedForwardOptions { Frame = EtfFrame.Identity }))
            .Should().Throw<ArgumentException>().WithMessage("*Random(seed)*ratio of 1*");
    }

    [Fact]
    public void Forward_BadInput_NamesShapes()
    {
        using var scope = NewDisposeScope();
        using var layer = new EtfFeedForward(8);
        Invoking(() => layer.call(ones(2, 7))).Should().Throw<ArgumentException>().WithMessage("*(2, 7)*(*, 8)*");
        Invoking(() => layer.call(null!)).Should().Throw<ArgumentNullException>();
    }
}
