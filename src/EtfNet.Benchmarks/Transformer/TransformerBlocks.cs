namespace EtfNet.Benchmarks.Transformer;

/// <summary>A transformer block and its plain twin: 64 sequences of 65 tokens, width 256, feedforward ratio 4.</summary>
public class TransformerBlocks : Subject
{
    internal const int Batch = 64;
    internal const int Width = 256;
    private const int Tokens = 65;
    private const int Heads = 4;

    private EtfTransformerBlock _block = null!;
    private optim.Optimizer _optimizer = null!;
    private Tensor _input = null!;
    private Tensor _gradient = null!;

    /// <summary>The block.</summary>
    [ParamsAllValues]
    public BlockKind Block { get; set; }

    /// <summary>Without recording a gradient.</summary>
    [Benchmark]
    public void Forward()
    {
        using var noGrad = no_grad();
        _block.call(_input).Dispose();
    }

    /// <summary>Forward, backward with an input gradient, AdamW.</summary>
    [Benchmark]
    public void TrainingStep()
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        _block.call(_input).backward([_gradient]);
        _optimizer.step();
        _input.grad = null;
    }

    // Attention: four projections and two products of tokens by tokens; the feedforward: two dense ones, or two of factors of about the
    // root of their size.
    internal override Cost CostOf(string method)
    {
        const double rows = Batch * Tokens, hidden = 4 * Width;
        var attention = rows * ((8.0 * Width * Width) + (4.0 * Tokens * Width));
        var dense = 4 * rows * Width * hidden;
        var feedForward = Block == BlockKind.Plain ? dense : 8 * rows * hidden * Math.Sqrt(hidden);
        // A step has two more of each for the gradients; what is fixed has none of its weight.
        var (ofAttention, ofFeedForward) = method == nameof(Forward) ? (1, 1) : (3, Block == BlockKind.Plain ? 3 : 2);
        return new Cost(0, (ofAttention * attention) + (ofFeedForward * feedForward));
    }

    private protected override void Prepare()
    {
        var feedForward = new EtfFeedForwardOptions { HasUnitScale = Block == BlockKind.EtfUnitScale };
        var options = new EtfTransformerOptions { FeedForward = feedForward };
        _block = Hold(Block == BlockKind.Plain
            ? EtfTransformerBlock.Plain(Width, Heads, options, device: Device)
            : new EtfTransformerBlock(Width, Heads, options, device: Device));
        _optimizer = Hold(optim.AdamW(_block.parameters()));
        _input = Normal(5, Batch, Tokens, Width).requires_grad_(true);
        _gradient = Normal(6, Batch, Tokens, Width);
        TrainingStep();
    }
}
