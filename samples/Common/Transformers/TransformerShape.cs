namespace EtfNet.Samples;

/// <summary>The size of a transformer, and what its feedforwards are where they are not learned.</summary>
public sealed record TransformerShape(int Width, int Heads, int Blocks, EtfTransformerOptions Block)
{
    public override string ToString() =>
        $"{Blocks} blocks of width {Width}, {Heads} heads, feedforward of ratio {Block.FeedForward.WidthRatio}, dropout {Block.Dropout}";

    /// <summary>Makes a block; the random frames of each have a seed of their own.</summary>
    /// <param name="index">Counted from 1.</param>
    /// <param name="learned">Whether to make the plain twin.</param>
    /// <exception cref="ArgumentException">There is no such block.</exception>
    public EtfTransformerBlock CreateBlock(int index, bool learned)
    {
        if (learned)
            return EtfTransformerBlock.Plain(Width, Heads, Block);
        var own = Block.FeedForward.Frame.OfItsOwn(index);
        return new EtfTransformerBlock(Width, Heads, Block with { FeedForward = Block.FeedForward with { Frame = own } });
    }
}
