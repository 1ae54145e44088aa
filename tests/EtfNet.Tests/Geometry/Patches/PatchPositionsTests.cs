using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry.Patches;

public sealed class PatchPositionsTests
{
    private static readonly PatchWindow s_window = ConvWindow.Maps(4, 3, 1, 1, 1, PaddingModes.Zeros).Window;

    /// <summary>The kernel as a matrix times the patches is what the convolution gives at those positions, whatever its stride, padding and
    /// dilation.</summary>
    [SeededProperty(150)]
    public void PatchesAndOutputs_AnyConvolution_BelongTogether(int seed)
    {
        using var scope = NewDisposeScope();
        var drawn = new RandomConvolution(seed, ScalarType.Float64);
        using var layer = drawn.Layer;
        using var dense = drawn.Dense;
        var x = drawn.Input.detach();
        if (x.numel() == 0)
            return;
        dense.weight = new Parameter(Sample.Normal(seed, drawn.Unit.shape));
        dense.bias = null!;
        var positions = PatchPositions.Draw(layer.Window, x, rows: 7, seed);
        var patches = positions.Patches(x);
        patches.shape.Should().Equal(positions.Count, drawn.Patch.Size);
        var outputs = patches.mm(SimplexEtfConvolution.KernelToMatrix(dense.weight.detach()).t());
        Sample.Max(outputs - positions.Outputs(dense.call(x))).Should().BeLessThan(1e-11, drawn.Description);
    }

    [Fact]
    public void Draw_MoreThanThereAre_TakesAllInOrder()
    {
        using var scope = NewDisposeScope();
        var output = arange(2 * 20, dtype: ScalarType.Float32).view(2, 1, 4, 5);
        var positions = PatchPositions.Draw(s_window, zeros(2, 4, 4, 5), 1000, 3);
        positions.Count.Should().Be(40);
        Sample.Max(positions.Outputs(output).view(-1) - arange(40)).Should().Be(0);
        positions.Labels(tensor(new long[] { 7, 9 })).data<long>().ToArray()
            .Should().Equal([.. Enumerable.Repeat(7L, 20), .. Enumerable.Repeat(9L, 20)]);
    }

    [Fact]
    public void Draw_SameSeed_SamePositions_NoneTwice()
    {
        using var scope = NewDisposeScope();
        var output = arange(6 * 20, dtype: ScalarType.Float32).view(6, 1, 4, 5);
        float[] Drawn(long seed) => PatchPositions.Draw(s_window, zeros(6, 4, 4, 5), 50, seed).Outputs(output).data<float>().ToArray();
        Drawn(1).Should().Equal(Drawn(1)).And.OnlyHaveUniqueItems().And.HaveCount(50);
        Drawn(1).Should().NotEqual(Drawn(2));
    }

    [Fact]
    public void Draw_ManySeeds_MeetsEveryPositionEquallyOften()
    {
        using var scope = NewDisposeScope();
        var (input, output) = (zeros(2, 4, 2, 5), arange(20, dtype: ScalarType.Float32).view(2, 1, 2, 5));
        var met = new int[20];
        for (var seed = 0; seed < 2000; seed++)
            foreach (var position in PatchPositions.Draw(s_window, input, 5, seed).Outputs(output).data<float>().ToArray())
                met[(int)position]++;
        // 500 each, with a standard deviation of 19.
        met.Should().OnlyContain(count => count > 400 && count < 600);
    }

    [Fact]
    public void Draw_LargePatches_StaysWithinItsBytes()
    {
        using var scope = NewDisposeScope();
        var window = ConvWindow.Maps(512, 3, 1, 1, 1, PaddingModes.Zeros).Window;
        int Drawn(ScalarType type) =>
            PatchPositions.Draw(window, zeros([1, 512, 1, 1], dtype: type).expand(1000, 512, 32, 32), int.MaxValue, 1).Count;
        Drawn(ScalarType.Float32).Should().Be((256 << 20) / (4608 * sizeof(float)));
        Drawn(ScalarType.BFloat16).Should().Be((256 << 20) / (4608 * sizeof(float)), "narrow types become float32");
        Drawn(ScalarType.Float64).Should().Be((256 << 20) / (4608 * sizeof(double)));
    }

    [Fact]
    public void Patches_NarrowTypes_BecomeFloat32()
    {
        using var scope = NewDisposeScope();
        var x = Sample.Normal(1, 2, 4, 4, 5).to(ScalarType.BFloat16);
        PatchPositions.Draw(s_window, x, 3, 1).Patches(x).dtype.Should().Be(ScalarType.Float32);
    }

    [Fact]
    public void Draw_Anything_LeavesNoTensor()
    {
        using var x = ones(2, 4, 4, 5);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var positions = PatchPositions.Draw(s_window, x, 9, 1);
        positions.Patches(x).Dispose();
        positions.Outputs(x).Dispose();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void BadInput_Throws()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 4, 4, 5);
        var positions = PatchPositions.Draw(s_window, x, 3, 1);
        FluentActions.Invoking(() => PatchPositions.Draw(s_window, x, 0, 1)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("rows");
        FluentActions.Invoking(() => PatchPositions.Draw(s_window, zeros(2, 5, 4, 5), 3, 1)).Should().Throw<ArgumentException>()
            .WithMessage("*4 channels*");
        FluentActions.Invoking(() => positions.Patches(zeros(2, 4, 5, 5))).Should().Throw<ArgumentException>().WithParameterName("input")
            .WithMessage("*(2, 4, 5, 5)*4 x 5*");
        FluentActions.Invoking(() => positions.Patches(zeros(1, 4, 4, 5))).Should().Throw<ArgumentException>().WithParameterName("input");
        FluentActions.Invoking(() => positions.Patches(x.to(ScalarType.Int64))).Should().Throw<ArgumentException>().WithMessage("*Int64*");
        FluentActions.Invoking(() => positions.Outputs(zeros(2, 9, 4, 4))).Should().Throw<ArgumentException>().WithParameterName("output");
        FluentActions.Invoking(() => positions.Outputs(zeros(2, 9))).Should().Throw<ArgumentException>().WithParameterName("output");
        positions.Outputs(zeros(2, 9, 4, 5)).shape.Should().Equal(3, 9);
    }
}
