using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Ratios;
using EtfNet.Benchmarks.Training;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Benchmarks;

public sealed class ConvolutionBenchmarkTests
{
    [Fact]
    public void Create_EveryKind_IsAConvolutionThatTrainsOnlyWhereItSaysSo()
    {
        using var scope = NewDisposeScope();
        foreach (var kind in Enum.GetValues<LayerKind>())
        {
            using var layer = ConvolutionLayers.Create(kind, 64, 64, stride: 2);
            layer.call(ones(2, 64, 6, 6)).shape.Should().Equal(2, 64, 3, 3);
            layer.parameters().Any(parameter => parameter.requires_grad).Should().Be(kind == LayerKind.TrainableDense);
        }
    }

    [Fact]
    public void ResNet18_LastStageFixed_TrainsAQuarterOfThePlainOnesParameters()
    {
        using var scope = NewDisposeScope();
        using var plain = ResNet18.Create(10, LayerKind.TrainableDense);
        using var last = ResNet18.Create(10, LayerKind.Aligned);
        long Trained(nn.Module model) => model.parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel());
        Trained(plain).Should().Be(11_173_962);
        // Four 3 x 3 convolutions: 256 to 512 and three times 512 to 512.
        Trained(last).Should().Be(11_173_962 - (9 * 512 * (256 + (3 * 512))));
        last.call(Sample.Normal(1, 2, 3, 32, 32).to(float32)).shape.Should().Equal(2, 10);
    }

    [Fact]
    public void Registry_Convolutions_AreMeasuredAtThreeWidths()
    {
        foreach (var name in new[] { "convIdentity", "convAligned", "convNearest" })
            RatioRegistry.All.Single(ratio => ratio.Name == name).Cases().Select(one => one.Width).Should().Equal(64, 256, 512);
        RatioRegistry.All.Should().ContainSingle(ratio => ratio.Name == "convStep");
    }
}
