using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace EtfNet.Tests.Layers.Convolutions;

public sealed class SimplexEtfConv2dTests
{
    private static readonly EtfFrame[] s_frames =
        [EtfFrame.Identity, EtfFrame.Random(3), EtfFrame.DenseRandom(3), EtfFrame.Nearest, EtfFrame.Aligned(15)];

    [Fact]
    public void Forward_IdentityOfAsManyChannels_CentersEveryPixel()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(6, 6, kernelSize: 3, padding: 1);
        var x = Sample.Normal(2, 2, 6, 5, 4).to(ScalarType.Float32);
        Sample.Max(layer.call(x) - Math.Sqrt(6.0 / 5) * (x - x.mean([1], keepdim: true))).Should().BeLessThan(1e-6);
        layer.named_parameters().Select(p => p.name).Should().Equal("bias");
    }

    /// <summary>Middle taps first, then the others row by row, all channels of each.</summary>
    [Fact]
    public void Forward_IdentityOfMoreOutputsThanChannels_TakesFurtherTapsInOrder()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(2, 5, kernelSize: 3, stride: 2, padding: 1, hasBias: false);
        var x = Sample.Normal(3, 1, 2, 5, 5).to(ScalarType.Float32);
        var around = pad(x, (1, 1, 1, 1));
        Tensor Tap(long row, long column) => around.slice(2, row, row + 5, 2).slice(3, column, column + 5, 2);
        var taken = cat([Tap(1, 1), Tap(0, 0), Tap(0, 1).narrow(1, 0, 1)], 1);
        Sample.Max(layer.call(x) - (Math.Sqrt(5.0 / 4) * (taken - taken.mean([1], keepdim: true)))).Should().BeLessThan(1e-6);
    }

    [Fact]
    public void Forward_ColumnFrame_CentersOverWholePatchesPaddingIncluded()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(1, 12, kernelSize: 3, padding: 1, frame: EtfFrame.Identity.OrColumns, hasBias: false);
        var y = layer.call(ones(1, 1, 3, 3));
        // In a corner 4 of 9 numbers are ones: the frame sees their distance from 4/9.
        var c = Math.Sqrt(9.0 / 8);
        y[0, 0, 0, 0].item<float>().Should().BeApproximately((float)(c * 5 / 9), 1e-6f, "the middle of the patch is a pixel");
        y[0, 1, 0, 0].item<float>().Should().BeApproximately((float)(-c * 4 / 9), 1e-6f, "the first tap is padding");
        Sample.Max(y[0, TensorIndex.Colon, 1, 1]).Should().BeLessThan(1e-6, "in the middle all numbers are the same");
        Sample.Max(y.narrow(1, 9, 3)).Should().Be(0, "9 numbers fill 9 of 12 outputs");
    }

    [Fact]
    public void Constructor_RandomFrames_LookAtTheMiddleWhereThatIsEnough()
    {
        using var scope = NewDisposeScope();
        foreach (var frame in new[] { EtfFrame.Random(5), EtfFrame.DenseRandom(5) })
        {
            using var few = new SimplexEtfConv2d(16, 17, 3, frame: frame);
            few.Etf.Columns.Should().Be(16);
            using var dense = few.ToDense();
            var kernel = dense.weight.detach().clone();
            kernel[TensorIndex.Colon, TensorIndex.Colon, 1, 1] = 0;
            Sample.Max(kernel).Should().Be(0, "the other taps are zeros");

            using var many = new SimplexEtfConv2d(16, 18, 3, frame: frame);
            many.Etf.Columns.Should().Be(144);
        }
    }

    [Fact]
    public void Constructor_Bias_AdoptsTheSameParameterObjectAndReturnsIt()
    {
        var bias = new Parameter(zeros(4));
        var layer = new SimplexEtfConv2d(SimplexEtf.Create(EtfFrame.Identity, 4, 45), 5, 3, bias: bias);
        layer.Bias.Should().BeSameAs(bias);
        layer.parameters().Single().Should().BeSameAs(bias);
        layer.ReleaseBias().Should().BeSameAs(bias);
        layer.Dispose();
        bias.IsInvalid.Should().BeFalse();
        bias.Dispose();
        using var without = new SimplexEtfConv2d(5, 4, 3, trainBias: false);
        without.parameters().Should().BeEmpty();
        without.state_dict().Keys.Should().Contain("bias");
    }

    [Fact]
    public void Forward_NothingNeedsAGradient_RecordsNone()
    {
        using var scope = NewDisposeScope();
        foreach (var frame in s_frames)
        {
            using var layer = Layer(frame, 32, 32);
            layer.Bias!.requires_grad_(false);
            var x = Sample.Normal(1, 2, 32, 4, 4).to(ScalarType.Float32);
            layer.call(x).requires_grad.Should().BeFalse();
            x.requires_grad_(true);
            layer.call(x).requires_grad.Should().BeTrue();
            using (no_grad())
                layer.call(x).requires_grad.Should().BeFalse();
            using (inference_mode())
                layer.call(x).requires_grad.Should().BeFalse();
        }
    }

    [Fact]
    public void Forward_OnlyBiasNeedsAGradient_InputGetsNone()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(5, 5, 3);
        var x = ones(2, 5, 4, 4);
        layer.call(x).sum().backward();
        x.grad.Should().BeNull();
        Sample.Max(layer.Bias!.grad! - 8).Should().Be(0, "2 samples of 2 x 2 positions");
    }

    [Fact]
    public void Forward_ChannelsLast_StaysSo()
    {
        using var scope = NewDisposeScope();
        foreach (var frame in s_frames)
        {
            using var layer = Layer(frame, 32, 32);
            var x = Sample.Normal(1, 2, 5, 4, 32).to(ScalarType.Float32).permute(0, 3, 1, 2);
            var y = layer.call(x);
            y.stride(1).Should().Be(1, "{0}", frame);
            Sample.Max(y - layer.call(x.contiguous())).Should().BeLessThan(1e-5);
        }
    }

    [Fact]
    public void Forward_MapsOfManySizesInTurn_AreEachRight()
    {
        using var scope = NewDisposeScope();
        foreach (var frame in s_frames)
        {
            using var layer = Layer(frame, 32, 32);
            using var dense = layer.ToDense();
            foreach (var side in new[] { 4, 5, 4, 7, 5 })
            {
                var x = Sample.Normal(side, 2, 32, side, 9 - side).to(ScalarType.Float32);
                Sample.Max(layer.call(x) - dense.call(x)).Should().BeLessThan(2e-5, "{0}", frame);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Passes_OverAndOver_LiveTensorsStayFlat(bool inScope)
    {
        foreach (var frame in s_frames)
        {
            var layer = Layer(frame, 32, 32, stride: 2, PaddingModes.Circular);
            using var x = ones(2, 32, 6, 6).requires_grad_(true);
            long before = 0;
            for (var pass = 0; pass < 300; pass++)
            {
                if (pass == 50)
                    before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
                using var scope = inScope ? NewDisposeScope() : null;
                using var output = layer.call(x);
                using var loss = output.sum();
                loss.backward();
            }

            DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before, "{0}", frame);
            layer.Dispose();
        }
    }

    [Fact]
    public void ConstructorAndToDense_DrawNothingFromTheGlobalGenerator()
    {
        using var scope = NewDisposeScope();
        var before = random.get_rng_state();
        foreach (var frame in s_frames[..3])
        {
            using var layer = new SimplexEtfConv2d(16, 16, 3, padding: 1, frame: frame);
            using var dense = layer.ToDense();
            using var sequence = new SimplexEtfConv1d(16, 16, 3, padding: 1, frame: frame);
            using var denseSequence = sequence.ToDense();
        }

        before.eq(random.get_rng_state()).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void ToDense_InAScope_OutlivesIt()
    {
        Conv2d dense;
        using var layer = new SimplexEtfConv2d(16, 16, 3, padding: Padding.Same, frame: EtfFrame.Random(1));
        using (NewDisposeScope())
            dense = layer.ToDense();
        dense.weight.IsInvalid.Should().BeFalse();
        dense.bias!.IsInvalid.Should().BeFalse();
        dense.Dispose();
    }

    [Fact]
    public void Forward_BadInput_NamesShapesAndWayOut()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(5, 4, 3);
        Refused(() => layer.call(ones(2, 6, 8, 8)), "*(2, 6, 8, 8)*(N, 5, rows, columns)*");
        Refused(() => layer.call(ones(2, 5, 2, 8)), "*(2, 5, 2, 8)*2 rows*3 of the kernel*");
        Refused(() => layer.call(ones(2, 5, 8, 2)), "*2 columns*");
        Refused(() => layer.call(ones(2, 5, 0, 8)), "*0 rows*");
        Refused(() => layer.call(ones(5, 8)), "*(5, 8)*");
        Refused(() => layer.call(ones([])), "*()*");
        Refused(() => layer.call(ones([2, 5, 1, 8, 8])), "*(2, 5, 1, 8, 8)*");
        Refused(() => layer.call(ones(2, 5, 8, 8, dtype: ScalarType.Int64)), "*Int64*to(*");
        Refused(() => layer.call(ones(2, 5, 8, 8, dtype: ScalarType.Float64)), "*Float64*bias*Float32*");
        Refused(() => layer.call(ones(2, 5, 8, 8, device: META)), "*meta*bias*cpu*");
        FluentActions.Invoking(() => layer.call(null!)).Should().Throw<ArgumentNullException>();

        using var reflecting = new SimplexEtfConv2d(5, 4, 3, padding: 3, paddingMode: PaddingModes.Reflect);
        Refused(() => reflecting.call(ones(2, 5, 3, 8)), "*3 rows*Reflect*");
        reflecting.call(ones(2, 5, 4, 8));
        using var circular = new SimplexEtfConv2d(5, 4, 3, padding: 3, paddingMode: PaddingModes.Circular);
        Refused(() => circular.call(ones(2, 5, 2, 8)), "*2 rows*Circular*");
        circular.call(ones(2, 5, 3, 8));

        static void Refused(Action action, string message) =>
            FluentActions.Invoking(action).Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void Constructor_BadArguments_Throw()
    {
        FluentActions.Invoking(() => new SimplexEtfConv2d(1, 11, 3)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("outChannels").WithMessage("*OrColumns*");
        FluentActions.Invoking(() => new SimplexEtfConv2d(2, 1, 3)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("outChannels");
        FluentActions.Invoking(() => new SimplexEtfConv2d(0, 4, 3)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("inChannels");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, (3, 0))).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("kernelSize");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, stride: 0)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("stride");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, dilation: -1)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("dilation");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, padding: -1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, padding: (Padding)9)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, stride: (1, 2), padding: Padding.Same))
            .Should().Throw<ArgumentException>().WithParameterName("padding");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, paddingMode: (PaddingModes)9))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("paddingMode");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, int.MaxValue)).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("*too large*");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, scale: double.NaN)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("scale");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, frame: EtfFrame.Aligned(3))).Should().Throw<ArgumentException>()
            .WithMessage("*Identity*");
        FluentActions.Invoking(() => new SimplexEtfConv2d(4, 4, 3, dtype: ScalarType.Int32)).Should().Throw<ArgumentException>()
            .WithMessage("*Int32*");
        FluentActions.Invoking(() => new SimplexEtfConv2d((SimplexEtf)null!, 4, 3)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new SimplexEtfConv2d(SimplexEtf.Create(EtfFrame.Identity, 4, 10), 4, 3))
            .Should().Throw<ArgumentException>()
            .WithParameterName("etf").WithMessage("*10 columns*36*4*");
        FluentActions.Invoking(() => new SimplexEtfConv1d(4, 4, 3, padding: (1, 2))).Should().Throw<ArgumentException>()
            .WithParameterName("padding");
        FluentActions.Invoking(() => SimplexEtfConvolution.KernelToMatrix(zeros(3, 4))).Should().Throw<ArgumentException>()
            .WithParameterName("kernel");
        FluentActions.Invoking(() => SimplexEtfConvolution.KernelToMatrix(null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Properties_AreWhatWasAskedFor()
    {
        using var layer = new SimplexEtfConv2d(4, 6, (3, 5), stride: (2, 1), padding: (1, 2), dilation: (1, 3),
            paddingMode: PaddingModes.Replicate, scale: 2);
        (layer.InChannels, layer.OutChannels, layer.Scale, layer.PaddingMode).Should().Be((4, 6, 2, PaddingModes.Replicate));
        (layer.KernelSize, layer.Stride, layer.Padding, layer.Dilation)
            .Should().Be((new ConvSize(3, 5), new ConvSize(2, 1), new ConvPadding(1, 2), new ConvSize(1, 3)));
        using var sequence = new SimplexEtfConv1d(4, 6, 5, stride: 2, padding: 2, dilation: 3);
        (sequence.KernelSize, sequence.Stride, sequence.Padding, sequence.Dilation).Should().Be((5, 2, new ConvPadding(2, 2), 3));
        ((ConvPadding)Padding.Same).ToString().Should().Be("same");
        ((ConvPadding)Padding.Valid).Should().Be(default(ConvPadding));
        ((ConvPadding)(1, 2)).ToString().Should().Be("1 x 2");
        ((ConvSize)3).ToString().Should().Be("3 x 3");
    }

    private static SimplexEtfConv2d Layer(EtfFrame frame, long inChannels, long outChannels, long stride = 1,
        PaddingModes mode = PaddingModes.Zeros) =>
        new(RandomFrames.Of(frame.Kind, outChannels, inChannels * 9, 5), inChannels, 3, stride, padding: 1, paddingMode: mode,
            bias: new Parameter(ones(outChannels)));
}
