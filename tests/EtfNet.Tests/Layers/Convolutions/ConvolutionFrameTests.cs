using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Convolutions;

/// <summary>What a layer in float32 keeps of its frame.</summary>
public sealed class ConvolutionFrameTests
{
    private static readonly (long Channels, long Rows, long Side)[] s_shapes =
        [(16, 16, 3), (16, 64, 3), (48, 16, 3), (48, 48, 1), (16, 144, 3), (16, 145, 3), (16, 160, 3), (32, 96, 1)];

    [Fact]
    public void ToDense_AnyFrameInFloat32_IsASimplexEtf()
    {
        foreach (var (channels, rows, side) in s_shapes)
            foreach (var kind in Enum.GetValues<EtfFrameKind>())
            {
                using var scope = NewDisposeScope();
                var etf = RandomFrames.Of(kind, rows, channels * side * side, 7);
                using var layer = new SimplexEtfConv2d(etf, channels, side);
                using var dense = layer.ToDense();
                foreach (var matrix in new[] { SimplexEtfConvolution.KernelToMatrix(dense.weight.detach()), layer.Etf.ToTensor() })
                {
                    var departure = SimplexEtf.Measure(matrix, etf.IsColumnFrame);
                    Math.Max(departure.Norms, Math.Max(departure.Cosines, departure.Tightness)).Should().BeLessThan(1e-6, "{0}", etf);
                }
            }
    }

    /// <summary>U Q = Z: the leading directions of the patches go where the kernel sent them, through the layer itself.</summary>
    [Fact]
    public void Forward_AlignedInFloat32_KeepsItsPromise()
    {
        foreach (var (channels, rows, side) in s_shapes)
        {
            using var scope = NewDisposeScope();
            var patch = new PatchShape(channels, side, side);
            var shape = FrameShape.For(EtfFrame.Nearest.OrColumns, rows, patch.Size, "rows", "columns");
            var (alignment, _, _) = RandomFrames.AlignedTo(Sample.Normal(9, rows, patch.Size), shape, Math.Min(15, shape.Points - 1), 10);
            using var layer = new SimplexEtfConv2d(alignment.ToEtf(shape, 1), channels, side);
            // Maps of one patch each.
            var maps = patch.ToKernel(alignment.Inputs.t()).to(ScalarType.Float32);
            var images = layer.call(maps).reshape(-1, rows).t().to(ScalarType.Float64) / shape.Norm;
            Sample.Max(images - alignment.Outputs).Should().BeLessThan(1e-5, "{0} x {1}", rows, patch);
        }
    }

    [Fact]
    public void State_Aligned_HasColumnsInSixteens()
    {
        foreach (var (rank, width) in new[] { (1, 16), (15, 16), (16, 32), (20, 32), (31, 32) })
        {
            using var scope = NewDisposeScope();
            var shape = new FrameShape(64, 144, false);
            var etf = RandomFrames.AlignedTo(Sample.Normal(1, 64, 144), shape, rank, 2).Alignment.ToEtf(shape, 1);
            using var layer = new SimplexEtfConv2d(etf, 16, 3);
            var state = layer.state_dict();
            state["left"].shape.Should().Equal(64, width);
            state["right"].shape.Should().Equal(width, 16, 3, 3);
            using var sequence = new SimplexEtfConv1d(etf, 16, 9);
            sequence.state_dict()["right"].shape.Should().Equal(width, 16, 9);
            // Float32 is all that is lost.
            Sample.Max(layer.Etf.ToTensor() - etf.ToTensor()).Should().BeLessThan(1e-6);
            (layer.Etf.Rank, layer.Etf.Kind).Should().Be((etf.Rank, etf.Kind));
        }
    }

    [Fact]
    public void State_IdentityAndRandom_IsBytes()
    {
        foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Random(7) })
        {
            using var scope = NewDisposeScope();
            using var layer = new SimplexEtfConv2d(64, 64, 3, frame: frame, hasBias: false);
            layer.call(ones(1, 64, 5, 5));
            layer.state_dict().Values.Sum(t => t.numel() * t.element_size()).Should().Be(80, "the frame is ten whole numbers");
        }
    }

    [SeededProperty(60)]
    public void SaveAndLoad_AnyFrame_GiveTheSameOutputs(int seed)
    {
        using var scope = NewDisposeScope();
        var drawn = new RandomConvolution(seed, ScalarType.Float64);
        using var source = nn.Sequential(drawn.Layer);
        using var dense = drawn.Dense;
        var (x, etf) = (drawn.Input.detach(), drawn.Etf);
        // The layer that a plan makes, before the weights are loaded.
        dense.weight = new Parameter(drawn.Unit.clone());
        if (drawn.TrainScale)
            return;
        var bias = drawn.Bias is null ? null : drawn.Bias is Parameter ? new Parameter(zeros_like(drawn.Bias)) : zeros_like(drawn.Bias);
        using var blank = nn.Sequential(SimplexEtfConvolution.ReplacementFor(dense, etf.Header with { Scale = 9 }, bias));
        blank.call(x);
        blank.load_state_dict(source.state_dict());
        Sample.Max(blank.call(x) - source.call(x)).Should().Be(0, drawn.Description);
        ((SimplexEtfConvolution)blank[0]).Frame.Should().Be(drawn.Layer.Frame);
        ((SimplexEtfConvolution)blank[0]).Etf.Should().Be(drawn.Layer.Etf);
    }

    [Fact]
    public void Load_StateOfAnotherFrameOrKernel_IsRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfConv2d(8, 8, 3, frame: EtfFrame.Random(7));
        foreach (var other in new SimplexEtfLayer[]
        {
            new SimplexEtfConv2d(8, 8, 3, frame: EtfFrame.Random(8)), new SimplexEtfConv2d(8, 8, 5, frame: EtfFrame.Random(7)),
            new SimplexEtfConv2d(8, 8, 3),
            new SimplexEtfConv1d(8, 8, 3, frame: EtfFrame.Random(7)), new SimplexEtfLinear(8, 8, EtfFrame.Random(7)),
        })
        {
            FluentActions.Invoking(() => layer.load_state_dict(other.state_dict())).Should().Throw<InvalidOperationException>()
                .WithMessage("*random_8x8_seed_7 over patches of 8 x 3 x 3*");
            other.Dispose();
        }
    }

    [Fact]
    public void To_AnotherType_KeepsTheFrame()
    {
        using var scope = NewDisposeScope();
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
        {
            using var layer = new SimplexEtfConv2d(RandomFrames.Of(kind, 32, 144, 3), 16, 3, bias: new Parameter(ones(32)));
            var x = Sample.Normal(4, 2, 16, 5, 5).to(ScalarType.Float32);
            var before = layer.call(x);
            layer.to(ScalarType.Float64);
            var after = layer.call(x.to(ScalarType.Float64));
            after.dtype.Should().Be(ScalarType.Float64);
            Sample.Max(after - before).Should().BeLessThan(1e-5);
        }
    }

    /// <summary>A user can build a nearest frame from any convolution's own kernel.</summary>
    [Fact]
    public void KernelToMatrix_OfAConvolution_MakesItsNearestFrame()
    {
        using var scope = NewDisposeScope();
        using var conv = nn.Conv2d(16, 32, 3, padding: 1);
        var etf = SimplexEtf.NearestTo(SimplexEtfConvolution.KernelToMatrix(conv.weight));
        using var layer = new SimplexEtfConv2d(etf, 16, 3, padding: 1);
        using var dense = layer.ToDense();
        // No frame with these rows comes nearer to the kernel.
        var nearest = (dense.weight - conv.weight).norm().item<float>();
        foreach (var seed in Enumerable.Range(0, 20))
        {
            using var other = new SimplexEtfConv2d(SimplexEtf.Create(EtfFrame.DenseRandom(seed), 32, 144, etf.Scale), 16, 3);
            using var otherDense = other.ToDense();
            (otherDense.weight - conv.weight).norm().item<float>().Should().BeGreaterThan(nearest);
        }
    }
}
