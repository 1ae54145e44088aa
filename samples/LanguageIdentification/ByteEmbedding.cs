using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Bytes as tokens, each mixed with its neighbors: languages differ in groups of letters more than in letters.</summary>
internal sealed class ByteEmbedding : nn.Module<Tensor, Tensor>
{
    private const int Neighborhood = 5;

    private readonly nn.Module<Tensor, Tensor> bytes;
    private readonly nn.Module<Tensor, Tensor> mix;

    public ByteEmbedding(int width)
        : base(nameof(ByteEmbedding))
    {
        // Padding is all zeros, as what lies beyond the end is to the convolution: more of it changes nothing.
        bytes = nn.Embedding(ByteTokens.Count, width, padding_idx: ByteTokens.Padding);
        mix = nn.Conv1d(width, width, Neighborhood, padding: Neighborhood / 2);
        RegisterComponents();
    }

    /// <param name="input">(batch, tokens).</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var tokens = bytes.call(input);
        return (tokens + mix.call(tokens.transpose(1, 2)).transpose(1, 2)).MoveToOuterDisposeScope();
    }
}
