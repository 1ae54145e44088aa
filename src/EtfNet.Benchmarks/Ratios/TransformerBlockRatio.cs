using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>A whole training step of one block (forward, backward with an input gradient, AdamW) against its plain twin's, ratio
/// 4.</summary>
internal sealed class TransformerBlockRatio(string name, bool unitScale) : Ratio
{
    private const long Batch = 64;
    private const long Tokens = 65;
    private const int Width = 256;
    private const int Heads = 4;

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("plainBlock", Batch, Width, null, Prepare)];

    private PairedWork Prepare()
    {
        using var generator = new Generator(5);
        var options = new EtfTransformerOptions { FeedForward = new EtfFeedForwardOptions { HasUnitScale = unitScale } };
        var block = new EtfTransformerBlock(Width, Heads, options);
        var plain = EtfTransformerBlock.Plain(Width, Heads, options);
        var (optimizer, plainOptimizer) = (optim.AdamW(block.parameters()), optim.AdamW(plain.parameters()));
        var x = randn([Batch, Tokens, Width], generator: generator).requires_grad_(true);
        var gradient = randn([Batch, Tokens, Width], generator: generator);
        return new PairedWork(() => Step(block, optimizer, x, gradient), () => Step(plain, plainOptimizer, x, gradient), 0,
            block, plain, optimizer, plainOptimizer, x, gradient);
    }

    private static void Step(EtfTransformerBlock block, optim.Optimizer optimizer, Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        block.call(x).backward([gradient]);
        optimizer.step();
        x.grad = null;
    }
}
