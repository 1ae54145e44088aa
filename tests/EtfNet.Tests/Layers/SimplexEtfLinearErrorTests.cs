using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

public sealed class SimplexEtfLinearErrorTests
{
    [Fact]
    public void Forward_BadInput_NamesShapesAndWayOut()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(5, 4);
        Invoking(() => layer.call(ones(2, 6))).Should().Throw<ArgumentException>().WithMessage("*(2, 6)*(*, 5)*");
        Invoking(() => layer.call(ones(2, 5, dtype: ScalarType.Int64))).Should().Throw<ArgumentException>().WithMessage("*Int64*to(*");
        Invoking(() => layer.call(ones(2, 5, dtype: ScalarType.Float64)))
            .Should().Throw<ArgumentException>().WithMessage("*Float64*bias*Float32*");
        Invoking(() => layer.call(ones(2, 5, device: META))).Should().Throw<ArgumentException>().WithMessage("*meta*bias*cpu*");
        Invoking(() => layer.call(null!)).Should().Throw<ArgumentNullException>();
        Invoking(() => layer.call(ones([]))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Constructor_BadArguments_Throw()
    {
        Invoking(() => new SimplexEtfLinear(5, 7))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("outFeatures").WithMessage("*OrColumns*");
        Invoking(() => new SimplexEtfLinear(5, 1)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("outFeatures");
        Invoking(() => new SimplexEtfLinear(0, 5)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("inFeatures");
        Invoking(() => new SimplexEtfLinear(5, 5, scale: double.NaN))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("scale");
        Invoking(() => new SimplexEtfLinear(5, 5, scale: 1e39))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("scale").WithMessage("*Float32*");
        Invoking(() => new SimplexEtfLinear(5, 5, scale: 65504, dtype: ScalarType.Float16))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*Float16*5.86e+04*");
        Invoking(() => new SimplexEtfLinear(5, 5, EtfFrame.Nearest)).Should().Throw<ArgumentException>().WithMessage("*Identity*");
        Invoking(() => new SimplexEtfLinear(5, 5, dtype: ScalarType.Int32)).Should().Throw<ArgumentException>().WithMessage("*Int32*");
        Invoking(() => new SimplexEtfLinear((SimplexEtf)null!)).Should().Throw<ArgumentNullException>();
        var etf = SimplexEtf.Create(EtfFrame.Identity, 4, 5);
        using var bias = zeros(5);
        Invoking(() => new SimplexEtfLinear(etf, bias)).Should().Throw<ArgumentException>().WithMessage("*(5)*(4)*");
    }
}
