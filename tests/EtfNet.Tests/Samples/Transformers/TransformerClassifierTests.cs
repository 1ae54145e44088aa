using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Transformers;

public sealed class TransformerClassifierTests
{
    private static readonly TransformerShape s_shape = new(8, 2, 2, new EtfTransformerOptions());

    [Fact]
    public void Forward_MorePadding_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = new TransformerClassifier(Texts(length: 6), s_shape, learned: false);
        var tokens = tensor(new long[] { 5, 9, 7, 0 }).reshape(1, 4);
        var padded = cat([tokens, zeros(1, 2, dtype: ScalarType.Int64)], 1);
        Sample.Max(model.call(tokens) - model.call(padded)).Should().BeLessThan(1e-6);
        Sample.Max(model.call(tokens) - model.call(tokens.flip(1))).Should().BeGreaterThan(1e-4);
    }

    [Fact]
    public void Forward_MoreTokensThanPositions_NamesBoth()
    {
        using var scope = NewDisposeScope();
        using var model = new TransformerClassifier(Texts(length: 6), s_shape, learned: true);
        FluentActions.Invoking(() => model.call(ones(1, 7, dtype: ScalarType.Int64))).Should().Throw<ArgumentException>().WithMessage("*7 tokens*at most 6*");
    }

    [Fact]
    public void CreateBlock_OfOneModel_HaveFramesOfTheirOwn()
    {
        using var model = new TransformerClassifier(Texts(length: 6), s_shape, learned: false);
        model.modules().OfType<SimplexEtfLinear>().Select(layer => layer.Etf.Seed).Should().OnlyHaveUniqueItems().And.HaveCount(4);
    }

    [Fact]
    public void PatchEmbedding_AnImage_CutsItIntoSquares()
    {
        using var scope = NewDisposeScope();
        using var embed = new PatchEmbedding(4, 6, 2, 5);
        var (weight, bias) = (embed.parameters().First(), embed.parameters().Last());
        var image = arange(24, dtype: ScalarType.Float32).reshape(1, 24);
        var tokens = embed.call(image);
        tokens.shape.Should().Equal(1, 6, 5);
        // The fourth patch: rows 2 and 3, columns 0 and 1.
        var patch = tensor(new float[] { 12, 13, 18, 19 });
        Sample.Max(tokens[0][3] - (weight.mv(patch) + bias)).Should().BeLessThan(1e-4);
    }

    private static TransformerData Texts(int length) => new("", null!, null!, 3, length,
        width => new ByteEmbedding(width), input => input.eq(ByteTokens.Padding));
}
