namespace EtfNet.Samples;

/// <summary>Bytes as tokens, each mixed with its neighbors: languages differ in groups of letters more than in letters.</summary>
internal sealed class ByteEmbedding : Module
{
    private const int Neighborhood = 5;

    private readonly Module bytes, mix;

    public ByteEmbedding(int width)
        : base(nameof(ByteEmbedding))
    {
        // Padding is all zeros, as what lies beyond the end is to the convolution: more of it changes nothing.
        bytes = nn.Embedding(LabeledTexts.TokenCount, width, padding_idx: LabeledTexts.Padding);
        mix = nn.Conv1d(width, width, Neighborhood, padding: Neighborhood / 2);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var tokens = bytes.call(input).transpose(1, 2);
        return (tokens + mix.call(tokens)).MoveToOuterDisposeScope();
    }
}
