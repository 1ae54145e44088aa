using EtfNet.Benchmarks.Kernels;
using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Training;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Benchmarks;

public sealed class SubjectTests
{
    [Theory]
    [InlineData(LayerKind.FrozenDense)]
    [InlineData(LayerKind.TrainableDense)]
    [InlineData(LayerKind.Identity)]
    public void Passes_AnyKind_HoldTheirTensorsAndNoGradients(LayerKind kind)
    {
        using var passes = new LayerPasses { Shape = new LayerShape(kind, 64, 2) };
        passes.Setup();
        var held = passes.LiveTensorBytes;
        // The plain input, its copy that has a gradient, and the gradient of the output; a frame is a few numbers beside them.
        const int inputs = sizeof(float) * 3 * 2 * 64;
        if (kind == LayerKind.Identity)
            held.Should().BeInRange(inputs, inputs + 100);
        else
            held.Should().Be(inputs + (sizeof(float) * 64 * 64));
        passes.Forward();
        passes.ForwardBackward();
        passes.LiveTensorBytes.Should().Be(held);
    }

    [Fact]
    public void FixedLayers_EightOfTen_HoldAFifthOfTheBytes()
    {
        using FixedLayers none = new(), eight = new() { Fixed = 8 };
        none.Setup();
        eight.Setup();
        ((double)eight.LiveTensorBytes / none.LiveTensorBytes).Should().BeApproximately(0.1974, 1e-3);
    }

    [Fact]
    public void CostOf_Layers_CountsWhatAnyFormulationNeeds()
    {
        var dense = new LayerPasses { Shape = new LayerShape(LayerKind.FrozenDense, 64, 8) };
        dense.CostOf(nameof(dense.Forward)).Should().Be(new Cost(4 * ((2 * 8 * 64) + (64 * 64)), 2 * 8 * 64 * 64));
        dense.CostOf(nameof(dense.ForwardBackward)).Operations.Should().Be(4 * 8 * 64 * 64);
        var convolution = new ConvolutionPasses { Shape = new LayerShape(LayerKind.TrainableDense, 64, 2, 4) };
        convolution.CostOf(nameof(dense.Forward)).Operations.Should().Be(2.0 * 2 * 16 * 64 * 9 * 64);
        convolution.CostOf(nameof(dense.ForwardBackward)).Operations.Should().Be(6.0 * 2 * 16 * 64 * 9 * 64);
    }

    [Fact]
    public void WithinClassVariability_LibraryAndDefinition_Agree()
    {
        using var variability = new WithinClassVariability { Shape = new KernelShape(400, 32, 10) };
        variability.Setup();
        variability.TwoCovariances();
        var defined = variability.Value!.Value;
        variability.Library();
        variability.Value.Should().BeApproximately(defined, 1e-9 * defined);
    }

    [Fact]
    public void NccScoring_EveryFormulation_Runs()
    {
        using var scoring = new NccScoring { Shape = new KernelShape(64, 32, 4) };
        scoring.Setup();
        foreach (var method in new Action[] { scoring.Library, scoring.CdistArgmin, scoring.ProductArgmin })
            method.Should().NotThrow();
    }

    [Fact]
    public void Peak_AfterALargeTensor_HasItsBytes()
    {
        using (ones(1 << 24))
            ResidentMemory.Peak().Should().BeGreaterThan(4L << 24);
    }

    [Fact]
    public void Convolution_EveryKind_IsAConvolutionThatTrainsOnlyWhereItSaysSo()
    {
        using var scope = NewDisposeScope();
        foreach (var kind in Enum.GetValues<LayerKind>())
        {
            using var layer = Frames.Convolution(kind, 64, 64, stride: 2);
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
    public void TrainingRig_OfMoreClassesThanABatchHas_ShowsAllOfThemInTurn()
    {
        using var rig = new TrainingRig(width: 8, classes: 300);
        var seen = new HashSet<long>();
        for (var step = 0; step < 3; step++)
        {
            long[] during = [];
            rig.Step(() => during = rig.Labels.data<long>().ToArray());
            during.Should().HaveCount(TrainingRig.Batch);
            rig.Labels.data<long>().ToArray().Should().Equal(during, "they stay until the next step");
            seen.UnionWith(during);
        }

        seen.Should().HaveCount(300);
        rig.Model.state_dict()["head.weight"].shape.Should().Equal(300, 8);
    }
}
