using System.Runtime.InteropServices;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

public sealed class SimplexEtfLinearTests
{
    private static readonly (ScalarType Type, double Tolerance)[] s_types =
        [(ScalarType.Float64, 1e-11), (ScalarType.Float32, 2e-5), (ScalarType.BFloat16, 0.1), (ScalarType.Float16, 0.02)];

    /// <summary>Outputs and all gradients against dense algebra in float64, over shapes, frames, dtypes and layouts, by kernels and
    /// without.</summary>
    [Theory]
    [InlineData(Natives.All), InlineData(Natives.NoNodes), InlineData(Natives.NoKernels)]
    public void Forward_AnyShapeFrameAndType_EqualsDenseAlgebra(Natives natives)
    {
        using var forced = natives.Force();
        for (var seed = 0; seed < 400; seed++)
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed / 4);
            var (type, tolerance) = s_types[seed % 4];
            var random = new Random(seed);
            var trainScale = random.Next(2) == 0;
            var numbers = Sample.Normal(seed, etf.Rows).to(type);
            var bias = random.Next(3) switch { 0 => null, 1 => numbers, _ => new Parameter(numbers) };
            using var layer = new SimplexEtfLinear(etf, bias, trainScale, type);

            long[] leading = random.Next(5) switch { 0 => [], 1 => [3], 2 => [0], 3 => [2, 3], _ => [2, 1, 3] };
            var input = Sample.Normal(seed + 1, [.. leading, etf.Columns]).to(type);
            if (leading.Length == 2)
                input = Sample.Normal(seed + 1, [etf.Columns, .. leading]).to(type).permute(1, 2, 0);
            else if (leading.Length == 1)
                input = Sample.Normal(seed + 1, etf.Columns, leading[0]).to(type).t();
            input.requires_grad_(true);
            var output = layer.call(input);
            output.dtype.Should().Be(type);
            output.shape.Should().Equal([.. leading, etf.Rows]);
            output.is_contiguous().Should().BeTrue("a Linear's is");
            var direction = Sample.Normal(seed + 2, output.shape).to(type);
            output.backward([direction]);

            // The same in float64 with the dense matrix.
            var x = input.detach().to(ScalarType.Float64).requires_grad_(true);
            var s = tensor(etf.Scale, ScalarType.Float64).requires_grad_(true);
            var b = bias?.detach().to(ScalarType.Float64).requires_grad_(true);
            var y = x.matmul(etf.WithScale(1).ToTensor().t()) * s;
            if (b is not null)
                y += b;
            y.backward([direction.to(ScalarType.Float64)]);

            var reach = tolerance * (1 + etf.Scale) * (1 + Sample.Max(x));
            Sample.Max(output.detach().to(ScalarType.Float64) - y.detach()).Should().BeLessThan(reach, "{0} {1}", etf, type);
            Sample.Max(input.grad!.to(ScalarType.Float64) - x.grad!).Should().BeLessThan(reach, "{0} {1}", etf, type);
            if (bias is Parameter)
                Sample.Max(bias.grad!.to(ScalarType.Float64) - b!.grad!).Should().BeLessThan(reach);
            if (trainScale)
                Sample.Max(layer.get_parameter("scale")!.grad!.to(ScalarType.Float64) - s.grad!)
                    .Should().BeLessThan(reach * (1 + y.numel()));
        }
    }

    [Fact]
    public void Constructor_Defaults_IsThePapersLayer()
    {
        using var layer = new SimplexEtfLinear(6, 6);
        using var scope = NewDisposeScope();
        var x = Sample.Normal(2, 3, 6).to(ScalarType.Float32);
        Sample.Max(layer.call(x) - Math.Sqrt(6.0 / 5) * (x - x.mean([1], keepdim: true))).Should().BeLessThan(1e-6);
        layer.named_parameters().Select(p => p.name).Should().Equal("bias");
        layer.Etf.Should().Be(SimplexEtf.Create(EtfFrame.Identity, 6, 6));
    }

    [Fact]
    public void Constructor_Bias_AdoptsTheSameParameterObject()
    {
        var bias = new Parameter(zeros(4));
        using var layer = new SimplexEtfLinear(SimplexEtf.Create(EtfFrame.Identity, 4, 5), bias);
        layer.Bias.Should().BeSameAs(bias);
        layer.parameters().Single().Should().BeSameAs(bias);
    }

    [Fact]
    public void ReleaseBias_ThenDispose_LeavesTheParameterAlive()
    {
        using var bias = new Parameter(zeros(4));
        var layer = new SimplexEtfLinear(SimplexEtf.Create(EtfFrame.Identity, 4, 5), bias);
        layer.ReleaseBias().Should().BeSameAs(bias);
        layer.Bias.Should().BeNull();
        layer.Dispose();
        bias.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Constructor_OfAFixedBias_HasNoParameter()
    {
        using var layer = new SimplexEtfLinear(5, 4, trainBias: false);
        layer.parameters().Should().BeEmpty();
        layer.state_dict().Keys.Should().Contain("bias");
    }

    [SeededProperty(40)]
    public void ToDense_AnyFrame_GivesTheSameOutputs(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed);
        using var layer = new SimplexEtfLinear(etf, seed % 2 == 0 ? Sample.Normal(seed, etf.Rows).to(ScalarType.Float32) : null);
        using var dense = layer.ToDense();
        var x = Sample.Normal(seed, 7, etf.Columns).to(ScalarType.Float32);
        Sample.Max(layer.call(x) - dense.call(x)).Should().BeLessThan(2e-5 * (1 + etf.Scale));
        dense.weight.requires_grad.Should().BeTrue();
    }

    [Fact]
    public void Forward_NothingNeedsAGradient_RecordsNone()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(5, 5, hasBias: false);
        var x = ones(2, 5);
        layer.call(x).requires_grad.Should().BeFalse();
        x.requires_grad_(true);
        layer.call(x).requires_grad.Should().BeTrue();
        using (no_grad())
            layer.call(x).requires_grad.Should().BeFalse();
        using (inference_mode())
            layer.call(x).requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Forward_OnlyBiasNeedsAGradient_InputGetsNone()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(5, 5);
        var x = ones(2, 5);
        layer.call(x).sum().backward();
        x.grad.Should().BeNull();
        Sample.Max(layer.Bias!.grad! - 2).Should().Be(0);
    }

    [Theory]
    [InlineData(Natives.All), InlineData(Natives.NoNodes), InlineData(Natives.NoKernels)]
    public void Backward_Twice_IsRight(Natives natives)
    {
        using var forced = natives.Force();
        for (var seed = 0; seed < 40; seed++)
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed);
            using var layer = new SimplexEtfLinear(etf, new Parameter(Sample.Normal(seed, etf.Rows)), trainScale: seed % 2 == 0);
            var x = Sample.Normal(seed, 3, etf.Columns).requires_grad_(true);
            // f = sum (E x + b)^3; the gradient of |f'|^2 by the layer and by dense algebra.
            var first = autograd.grad([layer.call(x).pow(3).sum()], [x], retain_graph: true, create_graph: true)[0];
            var second = autograd.grad([first.square().sum()], [x])[0];
            var dense = etf.ToTensor();
            var z = x.detach().requires_grad_(true);
            var cubes = (z.mm(dense.t()) + layer.Bias!.detach()).pow(3).sum();
            var expected = autograd.grad([cubes], [z], retain_graph: true, create_graph: true)[0];
            var wanted = autograd.grad([expected.square().sum()], [z])[0];
            (Sample.Max(second - wanted) / (1 + Sample.Max(wanted))).Should().BeLessThan(1e-11, "{0}", etf);
        }
    }

    /// <summary>A gradient penalty that is only looked at. The released graph's nodes came back to a handle that was being freed, and the
    /// process ended.</summary>
    [Theory]
    [InlineData(Natives.All), InlineData(Natives.NoNodes), InlineData(Natives.NoKernels)]
    public void Backward_GraphOfTheGradientIsNotUsed_IsReleasedOnce(Natives natives)
    {
        using var forced = natives.Force();
        var before = 0L;
        using var layer = new SimplexEtfLinear(16, 16);
        for (var i = 0; i < 50; i++)
        {
            using (NewDisposeScope())
            {
                var x = Sample.Normal(i, 4, 16).to(ScalarType.Float32).requires_grad_(true);
                var loss = layer.call(x).pow(2).sum();
                autograd.grad([loss], i % 2 == 0 ? [x] : [x, layer.Bias!], retain_graph: true, create_graph: true);
            }

            if (i == 9)
                before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().BeLessThanOrEqualTo(before);
    }

    [Fact]
    public void Backward_RetainedGraph_GivesTheSameGradientAgain()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(5, 5, EtfFrame.Random(1));
        var x = Sample.Normal(3, 2, 5).to(ScalarType.Float32).requires_grad_(true);
        var loss = layer.call(x).square().sum();
        var once = autograd.grad([loss], [x], retain_graph: true)[0];
        Sample.Max(autograd.grad([loss], [x])[0] - once).Should().Be(0);
    }

    [Fact]
    public void Forward_InputOfAnOperation_ChainsGradients()
    {
        using var scope = NewDisposeScope();
        using var one = new SimplexEtfLinear(6, 6, EtfFrame.Random(1), hasBias: false, dtype: ScalarType.Float64);
        using var two = new SimplexEtfLinear(6, 6, hasBias: false, dtype: ScalarType.Float64);
        var x = Sample.Normal(3, 2, 6).requires_grad_(true);
        two.call(one.call(x * 2).relu()).square().sum().backward();
        var z = x.detach().requires_grad_(true);
        (z * 2).mm(one.Etf.ToTensor().t()).relu().mm(two.Etf.ToTensor().t()).square().sum().backward();
        Sample.Max(x.grad! - z.grad!).Should().BeLessThan(1e-12);
    }

    [Theory]
    [InlineData(true, Natives.All), InlineData(false, Natives.All), InlineData(true, Natives.NoNodes), InlineData(false, Natives.NoKernels)]
    public void Passes_TenThousand_LiveTensorsStayFlat(bool inScope, Natives natives)
    {
        using var forced = natives.Force();
        using var layer = new SimplexEtfLinear(4, 4, EtfFrame.Identity);
        using var random = new SimplexEtfLinear(4, 4, EtfFrame.Random(1));
        using var x = ones(2, 4).requires_grad_(true);
        long before = 0;
        for (var pass = 0; pass < 10_050; pass++)
        {
            if (pass == 50)
                before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using var scope = inScope ? NewDisposeScope() : null;
            using var middle = layer.call(x);
            using var output = random.call(middle);
            using var loss = output.sum();
            loss.backward();
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Backward_AfterTheLayerIsDisposed_IsRightOrThrowsWithoutACrash()
    {
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
        {
            using var scope = NewDisposeScope();
            var layer = new SimplexEtfLinear(RandomFrames.Of(kind, 30, 30, 1), new Parameter(zeros(30)));
            var x = Sample.Normal(1, 4, 30).to(ScalarType.Float32).requires_grad_(true);
            var loss = layer.call(x).square().sum();
            layer.Dispose();
            // Factors that are the layer's own are gone; what a seed stands for is made again.
            if (kind is EtfFrameKind.Aligned or EtfFrameKind.Nearest)
                loss.Invoking(loss => loss.backward()).Should().Throw<ExternalException>("{0}", kind);
            else
                loss.Invoking(loss => loss.backward()).Should().NotThrow("{0}", kind);
            // Another layer's pass works as ever.
            using var other = new SimplexEtfLinear(30, 30);
            x.grad = null;
            other.call(x).sum().backward();
            x.grad!.isfinite().all().item<bool>().Should().BeTrue();
        }
    }

    [Fact]
    public void Backward_OfALeaf_GivesItsGradientWithoutACopy()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(64, 64, hasBias: false);
        var x = ones(500, 64).requires_grad_(true);
        layer.call(x).sum().backward();
        x.grad = null;
        var loss = layer.call(x).sum();
        var before = NativeHeap.Allocated();
        loss.backward();
        // One gradient of 128,000 bytes: the sum's is expanded, and no copy of the input's stays.
        (NativeHeap.Allocated() - before).Should().BeLessThan(200_000);
    }

    [Fact]
    public void Forward_OnTwoThreads_IsRight()
    {
        using var layer = new SimplexEtfLinear(RandomFrames.Of(EtfFrameKind.Aligned, 40, 40, 1), null, dtype: ScalarType.Float64);
        using var x = Sample.Normal(1, 64, 40);
        using var expected = layer.call(x);
        var worst = new double[2];
        var threads = Enumerable.Range(0, 2).Select(index => new Thread(() =>
        {
            for (var pass = 0; pass < 200; pass++)
            {
                using var scope = NewDisposeScope();
                worst[index] = Math.Max(worst[index], Sample.Max(layer.call(x) - expected));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        worst.Should().Equal(0, 0);
    }
}
