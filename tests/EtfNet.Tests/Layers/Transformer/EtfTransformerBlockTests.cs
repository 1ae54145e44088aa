using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Transformer;

public sealed class EtfTransformerBlockTests
{
    /// <summary>Outputs and all gradients against plain algebra in float64, over shapes, options, masks and dtypes.</summary>
    [SeededProperty(80)]
    public void Forward_AnyOptionsAndMask_EqualsPlainAlgebra(int seed)
    {
        using var scope = NewDisposeScope();
        var (width, heads, options) = Draw(seed);
        var random = new Random(seed);
        var (batch, tokens) = (random.Next(1, 4), random.Next(1, 7));
        var (type, tolerance) = seed % 2 == 0 ? (ScalarType.Float64, 1e-10) : (ScalarType.Float32, 1e-5);
        manual_seed(seed);
        using var block = new EtfTransformerBlock(width, heads, options, type);
        foreach (var (name, parameter) in block.named_parameters())
            if (!name.StartsWith("attention", StringComparison.Ordinal))
                using (no_grad())
                    parameter.add_(Sample.Normal(seed, parameter.shape).to(type) * 0.3);
        var padding = random.Next(2) == 0 ? null : Padding(random, batch, tokens);

        var x = Sample.Normal(seed + 1, batch, tokens, width).to(type).requires_grad_(true);
        var y = block.call(x, padding is null ? null : tensor(padding));
        var direction = Sample.Normal(seed + 2, y.shape).to(type);
        y.backward([direction]);

        var reference = new ReferenceBlock(block, options);
        var leaf = x.detach().to(ScalarType.Float64).requires_grad_(true);
        var expected = reference.Forward(leaf, padding);
        expected.backward([direction.to(ScalarType.Float64)]);

        y.dtype.Should().Be(type);
        Close(y.detach(), expected.detach(), "output");
        Close(x.grad!, leaf.grad!, "input");
        var parameters = block.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters.Keys.Should().BeEquivalentTo(reference.Leaves.Select(l => l.Name));
        foreach (var (name, value) in reference.Leaves)
            Close(parameters[name].grad!, value.grad!, name);

        void Close(Tensor actual, Tensor wanted, string what) =>
            Sample.Max(actual.to(ScalarType.Float64) - wanted)
                .Should().BeLessThan(tolerance * (1 + Sample.Max(wanted)), "{0} of seed {1}: {2}", what, seed, options);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_Causal_NoTokenSeesALaterOne(bool padded)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            using var scope = NewDisposeScope();
            using var block = new EtfTransformerBlock(8, 2, new EtfTransformerOptions { Causal = true }, ScalarType.Float64);
            var padding = padded ? tensor(new[,] { { false, false, true, false, false, true } }) : null;
            var x = Sample.Normal(seed, 1, 6, 8);
            var y = block.call(x, padding);
            for (var token = 0; token < 6; token++)
            {
                var later = x.clone();
                later.narrow(1, token, 6 - token).add_(1);
                var z = block.call(later, padding);
                Sample.Max((z - y).narrow(1, 0, token)).Should().Be(0);
                Sample.Max((z - y).narrow(1, token, 1)).Should().BeGreaterThan(1e-3);
            }
        }
    }

    [Fact]
    public void Call_Padding_IsAsIfThePaddingWereNotThere()
    {
        foreach (var causal in new[] { false, true })
        {
            using var scope = NewDisposeScope();
            using var block = new EtfTransformerBlock(6, 3, new EtfTransformerOptions { Causal = causal }, ScalarType.Float64);
            var x = Sample.Normal(3, 2, 5, 6);
            var padding = tensor(new[,] { { false, false, false, true, true }, { false, false, false, false, false } });
            var y = block.call(x, padding);
            Sample.Max(y[0].narrow(0, 0, 3) - block.call(x.narrow(0, 0, 1).narrow(1, 0, 3))[0]).Should().BeLessThan(1e-12);
            Sample.Max(y[1] - block.call(x.narrow(0, 1, 1))[0]).Should().BeLessThan(1e-12);
        }
    }

    [Fact]
    public void Call_NothingButPadding_StaysFinite()
    {
        using var scope = NewDisposeScope();
        using var block = new EtfTransformerBlock(6, 2, new EtfTransformerOptions { Causal = true });
        var x = randn(1, 3, 6, generator: new Generator(1)).requires_grad_(true);
        var y = block.call(x, ones(1, 3, dtype: ScalarType.Bool));
        y.sum().backward();
        y.isfinite().all().item<bool>().Should().BeTrue();
        x.grad!.isfinite().all().item<bool>().Should().BeTrue();
        block.parameters().Should().OnlyContain(p => p.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void Call_WithAMask_FiresTheBlocksHooksAndForgetsTheMask()
    {
        using var scope = NewDisposeScope();
        using var block = new EtfTransformerBlock(6, 2, dtype: ScalarType.Float64);
        var fired = 0;
        block.register_forward_hook((_, _, output) => { fired++; return output; });
        var x = Sample.Normal(1, 1, 3, 6);
        var masked = block.call(x, tensor(new[,] { { false, true, true } }));
        var plain = block.call(x);
        fired.Should().Be(2);
        Sample.Max(masked - plain).Should().BeGreaterThan(1e-3);
        Sample.Max(plain - block.call(x, null)).Should().Be(0);
    }

    [Fact]
    public void Forward_StochasticDepth_LeavesOutWholeBranchesInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        using var block = new EtfTransformerBlock(4, 1, new EtfTransformerOptions { StochasticDepth = 0.75 }, ScalarType.Float64);
        using var whole = new EtfTransformerBlock(4, 1, dtype: ScalarType.Float64);
        whole.load_state_dict(block.state_dict());
        var x = Sample.Normal(1, 200, 2, 4);
        block.eval();
        Sample.Max(block.call(x) - whole.call(x)).Should().Be(0);

        block.train();
        var changed = (block.call(x) - x).abs().amax([1, 2]).gt(1e-12);
        // Both branches are left out with a chance of 0.5625; a mean of 200 draws lies within 0.15 of it.
        changed.to(ScalarType.Float64).mean().item<double>().Should().BeApproximately(1 - 0.5625, 0.15);
    }

    [Fact]
    public void Forward_Dropout_IsOffInEvaluation()
    {
        using var scope = NewDisposeScope();
        var options = new EtfTransformerOptions
        {
            Dropout = 0.4,
            AttentionDropout = 0.4,
            FeedForward = new EtfFeedForwardOptions { Dropout = 0.4 },
        };
        using var block = new EtfTransformerBlock(8, 2, options);
        var x = ones(3, 4, 8);
        Sample.Max(block.call(x) - block.call(x)).Should().BeGreaterThan(0);
        block.eval();
        Sample.Max(block.call(x) - block.call(x)).Should().Be(0);
    }

    [Fact]
    public void Plain_SameOptions_DiffersInTheFeedforwardAlone()
    {
        var options = new EtfTransformerOptions { Dropout = 0.1 };
        using var etf = new EtfTransformerBlock(16, 4, options);
        using var plain = EtfTransformerBlock.Plain(16, 4, options);
        var feedforward = plain.named_parameters().Where(p => p.name.StartsWith("feedforward", StringComparison.Ordinal))
            .ToDictionary(p => p.name, p => p.parameter.shape);
        feedforward.Keys.Should().Equal("feedforward.up.weight", "feedforward.up.bias", "feedforward.down.weight", "feedforward.down.bias");
        feedforward["feedforward.up.weight"].Should().Equal(64, 16);
        Others(etf).Should().Equal(Others(plain));
        Count(etf).Should().BeLessThan(Count(plain) / 2);

        IEnumerable<string> Others(nn.Module block) =>
            block.named_parameters().Select(p => p.name).Where(name => !name.StartsWith("feedforward", StringComparison.Ordinal));
        long Count(nn.Module block) => block.parameters().Sum(p => p.numel());
    }

    [Fact]
    public void Constructor_InsideAScope_OutlivesIt()
    {
        EtfTransformerBlock block;
        using (NewDisposeScope())
            block = new EtfTransformerBlock(6, 2,
                new EtfTransformerOptions { FeedForward = new EtfFeedForwardOptions { Fixed = FixedProjections.Up } });
        using (block)
        using (NewDisposeScope())
            block.call(ones(1, 2, 6)).shape.Should().Equal(1, 2, 6);
    }

    [Fact]
    public void Passes_Many_LiveTensorsStayFlat()
    {
        using var block = new EtfTransformerBlock(8, 2, new EtfTransformerOptions { Causal = true, StochasticDepth = 0.5, Dropout = 0.1 });
        using var x = ones(2, 3, 8).requires_grad_(true);
        using var padding = zeros(2, 3, dtype: ScalarType.Bool);
        long before = 0;
        for (var pass = 0; pass < 300; pass++)
        {
            if (pass == 50)
                before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using var scope = NewDisposeScope();
            block.call(x, pass % 2 == 0 ? padding : null).sum().backward();
            block.zero_grad();
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Construction_BadArguments_NameThem()
    {
        Invoking(() => new EtfTransformerBlock(10, 3))
            .Should().Throw<ArgumentException>().WithParameterName("heads").WithMessage("*3 heads*10*");
        Invoking(() => new EtfTransformerBlock(10, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("heads");
        Invoking(() => new EtfTransformerBlock(1, 1)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("width");
        Invoking(() => new EtfTransformerBlock(8, 2, dtype: ScalarType.Int64))
            .Should().Throw<ArgumentException>().WithParameterName("dtype");
        foreach (var value in new[] { -0.1, 1, double.NaN })
        {
            Invoking(() => new EtfTransformerOptions { Dropout = value })
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Dropout");
            Invoking(() => new EtfTransformerOptions { AttentionDropout = value })
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("AttentionDropout");
            Invoking(() => new EtfTransformerOptions { StochasticDepth = value })
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("StochasticDepth");
        }

        Invoking(() => new EtfTransformerOptions { FeedForward = null! }).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Call_BadInputOrMask_NamesWhatIsWanted()
    {
        using var scope = NewDisposeScope();
        using var block = new EtfTransformerBlock(8, 2);
        var x = ones(2, 5, 8);
        Invoking(() => block.call(ones(2, 5, 7))).Should().Throw<ArgumentException>().WithMessage("*(2, 5, 7)*(batch, tokens, 8)*");
        Invoking(() => block.call(ones(5, 8))).Should().Throw<ArgumentException>().WithMessage("*(5, 8)*(batch, tokens, 8)*");
        Invoking(() => block.call(ones(2, 5, 8, dtype: ScalarType.Float64)))
            .Should().Throw<ArgumentException>().WithMessage("*Float64*Float32*");
        Invoking(() => block.call(ones(2, 5, 8, dtype: ScalarType.Int64)))
            .Should().Throw<ArgumentException>().WithMessage("*Int64*Float32*");
        Invoking(() => block.call(ones(2, 5, 8, device: META))).Should().Throw<ArgumentException>().WithMessage("*meta*cpu*");
        Invoking(() => block.call(null!)).Should().Throw<ArgumentNullException>();
        Invoking(() => block.call(x, zeros(2, 5))).Should().Throw<ArgumentException>().WithMessage("*Float32*Bool*");
        Invoking(() => block.call(x, zeros(5, 2, dtype: ScalarType.Bool)))
            .Should().Throw<ArgumentException>().WithMessage("*(5, 2)*(2, 5)*");
        Invoking(() => block.call(x, zeros(2, 5, 5, dtype: ScalarType.Bool)))
            .Should().Throw<ArgumentException>().WithMessage("*(2, 5, 5)*(2, 5)*");
        Invoking(() => block.call(x, zeros(2, 5, dtype: ScalarType.Bool, device: META)))
            .Should().Throw<ArgumentException>().WithMessage("*meta*cpu*");
    }

    private static (int Width, int Heads, EtfTransformerOptions Options) Draw(int seed)
    {
        var random = new Random(seed);
        var heads = random.Next(1, 4);
        var ratio = new[] { 0.5, 1, 2, 4 }[random.Next(4)];
        var frame = random.Next(3) switch
        {
            0 when ratio == 1 => EtfFrame.Identity,
            1 => EtfFrame.DenseRandom(seed),
            _ => EtfFrame.Random(seed),
        };
        return (heads * random.Next(4 / heads + 1, 6), heads, new EtfTransformerOptions
        {
            Causal = random.Next(2) == 0,
            PostNorm = random.Next(2) == 0,
            FeedForward = new EtfFeedForwardOptions
            {
                WidthRatio = ratio,
                Fixed = (FixedProjections)random.Next(4),
                Frame = frame,
                Activation = (FeedForwardActivation)random.Next(3),
                HasBias = random.Next(2) == 0,
                HasUnitScale = random.Next(2) == 0,
            },
        });
    }

    /// <summary>The first token of each sequence is never padding, so that every token has something to look at.</summary>
    private static bool[,] Padding(Random random, int batch, int tokens)
    {
        var padding = new bool[batch, tokens];
        for (var sample = 0; sample < batch; sample++)
            for (var token = 1; token < tokens; token++)
                padding[sample, token] = random.Next(3) == 0;
        return padding;
    }
}
