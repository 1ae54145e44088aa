using TorchSharp.Modules;

namespace EtfNet.Samples;

/// <summary>A class token and the tokens of the input with learned positions, through blocks, to a head on the class token.</summary>
public sealed class TransformerClassifier : Module
{
    private const double InitialDeviation = 0.02;

    private readonly Module embed, norm, head;
    private readonly Parameter classToken, positions;
    private readonly EtfTransformerBlock[] _blocks;

    /// <param name="shape">Its size.</param>
    /// <param name="data">Images, which are cut into patches, or texts, whose bytes are tokens.</param>
    /// <param name="options">Its blocks.</param>
    /// <param name="seed">Of random frames, each block's own.</param>
    /// <exception cref="SampleException">The images cannot be cut into such patches, or the heads do not divide the width.</exception>
    public TransformerClassifier(Network shape, DataSet data, EtfTransformerOptions options, long seed)
        : base(nameof(TransformerClassifier))
    {
        var (sides, width) = (data.Train.Inputs.shape[1..], shape.ActualWidth);
        if (sides is [_, var height, var side] && (height % shape.Patch != 0 || side % shape.Patch != 0))
            throw new SampleException($"--patch {shape.Patch} does not divide images of {height} x {side}; give a side that divides both.");
        if (width % shape.Heads != 0)
            throw new SampleException($"--heads {shape.Heads} does not divide --width {width}; give a number that does.");
        var tokens = sides is [var length] ? length : sides[1] / shape.Patch * (sides[2] / shape.Patch);
        embed = sides.Length == 1 ? new ByteEmbedding(width) : nn.Conv2d(sides[0], width, shape.Patch, stride: shape.Patch);
        classToken = new Parameter(randn(1, 1, width) * InitialDeviation);
        positions = new Parameter(randn(1, tokens + 1, width) * InitialDeviation);
        _blocks = [.. Enumerable.Range(1, shape.ActualLayers).Select(i => shape.Learned
            ? EtfTransformerBlock.Plain(width, shape.Heads, options)
            : new EtfTransformerBlock(width, shape.Heads, options with
            {
                FeedForward = options.FeedForward with { Frame = options.FeedForward.Frame.ForLayer(seed, i) },
            }))];
        for (var i = 0; i < _blocks.Length; i++)
            register_module($"block{i + 1}", _blocks[i]);
        norm = nn.LayerNorm(width);
        head = nn.Linear(width, data.Classes.Count);
        RegisterComponents();
    }

    /// <param name="input">Images (batch, channels, height, width), or tokens (batch, length).</param>
    /// <returns>(batch, classes).</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        // The class token comes first and is never padding.
        var padding = input.dim() == 2 ? nn.functional.pad(input.eq(LabeledTexts.Padding), (1, 0), value: 0) : null;
        var x = cat([classToken.expand(input.shape[0], 1, -1), embed.call(input).flatten(2).transpose(1, 2)], 1) + positions;
        foreach (var block in _blocks)
            x = block.call(x, padding);
        return head.call(norm.call(x.select(1, 0))).MoveToOuterDisposeScope();
    }
}
