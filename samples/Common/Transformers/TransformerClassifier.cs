using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Tokens with a class token before them and learned positions, through blocks, to a head on the class token.</summary>
public sealed class TransformerClassifier : nn.Module<Tensor, Tensor>
{
    private const double InitialDeviation = 0.02;

    private readonly nn.Module<Tensor, Tensor> embed;
    private readonly Parameter classToken;
    private readonly Parameter positions;
    private readonly nn.Module<Tensor, Tensor> norm;
    private readonly nn.Module<Tensor, Tensor> head;
    private readonly EtfTransformerBlock[] _blocks;
    private readonly Func<Tensor, Tensor>? _padding;

    /// <summary>Builds it; learned weights come from torch's global generator.</summary>
    /// <param name="data">What it is for.</param>
    /// <param name="shape">Its size.</param>
    /// <param name="learned">Whether its feedforwards are learned.</param>
    public TransformerClassifier(TransformerData data, TransformerShape shape, bool learned)
        : base(nameof(TransformerClassifier))
    {
        _padding = data.Padding;
        embed = data.CreateEmbedding(shape.Width);
        classToken = new Parameter(randn(1, 1, shape.Width) * InitialDeviation);
        positions = new Parameter(randn(1, data.Tokens + 1, shape.Width) * InitialDeviation);
        _blocks = [.. Enumerable.Range(1, shape.Blocks).Select(i => shape.CreateBlock(i, learned))];
        for (var i = 0; i < _blocks.Length; i++)
            register_module($"block{i + 1}", _blocks[i]);
        norm = nn.LayerNorm(shape.Width);
        head = nn.Linear(shape.Width, data.ClassCount);
        RegisterComponents();
    }

    /// <param name="input">(batch, ...), what the embedding takes.</param>
    /// <returns>(batch, classes).</returns>
    /// <exception cref="ArgumentException">The input has more tokens than the model has positions.</exception>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var tokens = embed.call(input);
        var (batch, count) = (tokens.shape[0], tokens.shape[1] + 1);
        if (count > positions.shape[1])
            throw new ArgumentException($"The input has {count - 1} tokens; the model was made for at most {positions.shape[1] - 1}.", nameof(input));
        // The class token comes first and is never padding.
        var padding = _padding is null ? null : cat([zeros(batch, 1, dtype: ScalarType.Bool, device: input.device), _padding(input)], 1);
        var x = cat([classToken.expand(batch, 1, -1), tokens], 1) + positions.narrow(1, 0, count);
        foreach (var block in _blocks)
            x = block.call(x, padding);
        return head.call(norm.call(x.select(1, 0))).MoveToOuterDisposeScope();
    }
}
