using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry.Patches;

public sealed class PatchFitTests
{
    private static readonly EtfFrame[] s_frames =
        [EtfFrame.Identity, EtfFrame.Random(3), EtfFrame.DenseRandom(3), EtfFrame.Nearest, EtfFrame.Aligned(12)];

    /// <summary>The layer of the fitted frame and bias, run on the maps, is as far from the old outputs as the fit says.</summary>
    [Theory]
    [InlineData(32, 32, 3, true)]
    [InlineData(32, 48, 3, false)]
    [InlineData(64, 32, 1, true)]
    [InlineData(4, 48, 3, true)]
    public void To_AnyFrame_ErrorAndBiasAreThoseOfTheLayer(long channels, long outputs, long side, bool hasBias)
    {
        foreach (var frame in s_frames)
        {
            using var scope = NewDisposeScope();
            using var conv = nn.Conv2d(channels, outputs, (side, side), (2, 2), (side / 2, side / 2), padding_mode: PaddingModes.Reflect,
                bias: hasBias, dtype: ScalarType.Float64);
            var x = Maps(channels, 8);
            var y = conv.call(x).detach();
            var positions = PatchPositions.Draw(ConvWindow.Of(conv).Window, x, int.MaxValue, 1);
            var fit = PatchFit.To(frame.OrColumns, conv.weight, conv.bias, positions.Patches(x), positions.Outputs(y));
            using var owned = fit.Bias;
            (fit.Bias is null).Should().Be(!hasBias);
            using var layer = SimplexEtfConvolution.ReplacementFor(conv, fit.Etf, fit.Bias?.alias());
            long[] all = [0, 2, 3];
            var reference = hasBias ? y - y.mean(all, keepdim: true) : y;
            var error = ((layer.call(x) - y).norm() / reference.norm()).item<double>();
            fit.OutputError.Should().BeApproximately(error, 1e-9, "{0}", frame);
        }
    }

    [Fact]
    public void To_AlignedOfFewDirections_CopiesWhatTheKernelDoesToThem()
    {
        using var scope = NewDisposeScope();
        // Patches near few directions, and a kernel that is an isometry on them: the frame copies it.
        var (patches, etf) = (Sample.LowRank(1, 600, 144, 8) + (0.001 * Sample.Normal(2, 600, 144)),
            SimplexEtf.Create(EtfFrame.DenseRandom(1), 144, 144));
        var (kernel, targets) = (new PatchShape(16, 3, 3).ToKernel(etf.ToTensor()), patches.mm(etf.ToTensor().t()));
        var fit = PatchFit.To(EtfFrame.Aligned(8), kernel, null, patches, targets);
        fit.Etf.Kind.Should().Be(EtfFrameKind.Aligned);
        fit.OutputError.Should().BeLessThan(0.05);
        PatchFit.To(EtfFrame.DenseRandom(2), kernel, null, patches, targets).OutputError
            .Should().BeGreaterThan(0.9, "other directions do not");
    }

    [Theory]
    [InlineData(12, 15)]
    [InlineData(15, 15)]
    [InlineData(16, 31)]
    [InlineData(20, 31)]
    public void To_Aligned_TakesAllDirectionsThatCostNoMore(int asked, int taken)
    {
        using var scope = NewDisposeScope();
        var (kernel, patches, targets) = Layer(128, 128, 3);
        PatchFit.To(EtfFrame.Aligned(asked), kernel, null, patches, targets).Etf.Rank.Should().Be(taken);
    }

    [Fact]
    public void To_AlignedNoCheaperThanDense_TakesNearest()
    {
        using var scope = NewDisposeScope();
        var (kernel, patches, targets) = Layer(64, 64, 3);
        PatchFit.To(EtfFrame.Aligned(32), kernel, null, patches, targets).Etf.Kind.Should().Be(EtfFrameKind.Nearest);
        (kernel, patches, targets) = Layer(64, 64, 1);
        PatchFit.To(EtfFrame.Aligned(31), kernel, null, patches, targets).Etf.Kind.Should().Be(EtfFrameKind.Nearest);
        (kernel, patches, targets) = Layer(32, 10, 3);
        PatchFit.To(EtfFrame.Aligned(20), kernel, null, patches, targets).Etf.Kind.Should().Be(EtfFrameKind.Nearest);
    }

    [Theory]
    [InlineData(64, 576, 31, false)]
    [InlineData(128, 1152, 31, true)]
    [InlineData(128, 1152, 80, false)]
    [InlineData(512, 4608, 31, true)]
    [InlineData(64, 64, 15, true)]
    [InlineData(64, 64, 31, false)]
    public void IsCheaper_ByCount_LeavesAMargin(long rows, long columns, long rank, bool cheaper) =>
        PatchFit.IsCheaper(new FrameShape(rows, columns, false), rank).Should().Be(cheaper);

    [Fact]
    public void To_RandomFrames_AreOverTheMiddleWhereThatIsEnough()
    {
        using var scope = NewDisposeScope();
        var (kernel, patches, targets) = Layer(32, 33, 3);
        PatchFit.To(EtfFrame.Random(1), kernel, null, patches, targets).Etf.Columns.Should().Be(32);
        (kernel, patches, targets) = Layer(32, 34, 3);
        PatchFit.To(EtfFrame.Random(1), kernel, null, patches, targets).Etf.Columns.Should().Be(288);
    }

    /// <summary>More numbers in a patch than patches: subspace iteration and thin factors do.</summary>
    [Fact]
    public void To_FewPatchesOfManyNumbers_Fits()
    {
        using var scope = NewDisposeScope();
        var (kernel, patches, targets) = Layer(128, 128, 3, 700);
        foreach (var frame in new[] { EtfFrame.Aligned(31), EtfFrame.Nearest })
        {
            var fit = PatchFit.To(frame, kernel, null, patches, targets);
            fit.Etf.Kind.Should().Be(frame.Kind);
            SimplexEtf.Measure(fit.Etf.ToTensor()).Cosines.Should().BeLessThan(1e-9);
        }
    }

    [Fact]
    public void To_SequenceKernels_Fit()
    {
        using var scope = NewDisposeScope();
        using var conv = nn.Conv1d(32, 32, 5, padding: 2, dtype: ScalarType.Float64);
        var x = Sample.Normal(1, 6, 32, 20);
        var positions = PatchPositions.Draw(ConvWindow.Of(conv).Window, x, 100, 1);
        var fit = PatchFit.To(EtfFrame.Nearest, conv.weight, conv.bias, positions.Patches(x), positions.Outputs(conv.call(x)));
        fit.Bias!.Dispose();
        fit.OutputError.Should().BeLessThan(1);
        fit.Etf.Columns.Should().Be(160);
    }

    [Fact]
    public void To_BadInput_Throws()
    {
        using var scope = NewDisposeScope();
        var (kernel, patches, targets) = Layer(32, 32, 3);
        foreach (var frame in s_frames)
        {
            FluentActions.Invoking(() => PatchFit.To(frame, kernel, null, patches / 0, targets)).Should().Throw<ArgumentException>()
                .WithMessage("*NaN*");
            FluentActions.Invoking(() => PatchFit.To(frame, kernel, null, patches, targets / 0)).Should().Throw<ArgumentException>()
                .WithMessage("*NaN*");
            FluentActions.Invoking(() => PatchFit.To(frame, kernel / 0, null, patches, targets)).Should().Throw<ArgumentException>()
                .WithMessage("*NaN*");
            FluentActions.Invoking(() => PatchFit.To(frame, kernel, null, patches[.., ..32], targets)).Should().Throw<ArgumentException>()
                .WithParameterName("patches").WithMessage("*(N, 288)*");
            FluentActions.Invoking(() => PatchFit.To(frame, kernel[0], null, patches, targets[.., ..4]))
                .Should().Throw<ArgumentException>();
            FluentActions.Invoking(() => PatchFit.To(frame, kernel, null, patches, targets[..3])).Should().Throw<ArgumentException>();
        }

        (kernel, patches, targets) = Layer(2, 32, 3);
        FluentActions.Invoking(() => PatchFit.To(EtfFrame.Nearest, kernel, null, patches, targets))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*OrColumns*");
    }

    [Fact]
    public void To_OverAndOver_LeavesNoTensor()
    {
        var (kernel, patches, targets) = Layer(32, 32, 3);
        var before = 0L;
        for (var pass = 0; pass < 3; pass++)
        {
            foreach (var frame in s_frames)
                PatchFit.To(frame, kernel, null, patches, targets);
            if (pass == 0)
                before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
        foreach (var tensor in new[] { kernel, patches, targets })
            tensor.Dispose();
    }

    /// <summary>A kernel, patches of falling energy away from the origin, and its outputs.</summary>
    private static (Tensor Kernel, Tensor Patches, Tensor Targets) Layer(long channels, long outputs, long side, long rows = 400)
    {
        using var scope = NewDisposeScope();
        var patch = new PatchShape(channels, side, side);
        var kernel = Sample.Normal(1, outputs, channels, side, side) / Math.Sqrt(patch.Size);
        var patches = (Sample.Normal(2, rows, patch.Size) * linspace(3, 0.1, patch.Size, dtype: ScalarType.Float64)) + 0.3;
        return (kernel.MoveToOuterDisposeScope(), patches.MoveToOuterDisposeScope(),
            patches.mm(patch.ToMatrix(kernel).t()).MoveToOuterDisposeScope());
    }

    private static Tensor Maps(long channels, long side) => Sample.Normal(5, 6, channels, side, side) + 0.5;
}
