using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Networks;

public sealed class NetworkTests
{
    private static readonly EtfTransformerOptions s_options =
        new() { FeedForward = new EtfFeedForwardOptions { Frame = EtfFrame.Random(0) } };

    [Theory]
    [InlineData(Model.Mlp, 0, 1_286_010)]
    [InlineData(Model.Small, 16, 322_938)]
    [InlineData(Model.Resnet18, 64, 11_172_810)]
    [InlineData(Model.Transformer, 64, 155_082)]
    public void Create_DefaultNetwork_HasItsSizeAndOneOutputPerClass(Model model, int embedded, long parameters)
    {
        using var scope = NewDisposeScope();
        using var network = new Network { Model = model }.Create(Images(), s_options, seed: 0);

        network.parameters().Sum(parameter => parameter.numel()).Should().Be(parameters, $"of which {embedded} channels");
        network.call(randn(2, 1, 28, 28)).shape.Should().Equal(2, 10);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(5, 11)]
    public void Create_FewerBlocks_KeepsTheFirst(int blocks, int convolutions)
    {
        using var scope = NewDisposeScope();
        using var network = new Network { Model = Model.Small, Layers = blocks, Stride = 2 }.Create(Images(), s_options, seed: 0);

        network.named_modules().Count(entry => entry.module is TorchSharp.Modules.Conv2d && !entry.name.Contains("side")).Should()
            .Be(convolutions);
        network.call(randn(2, 1, 28, 28)).shape.Should().Equal(2, 10);
    }

    [Fact]
    public void Create_TransformerOfFixedFeedforwards_HasFramesOfTheirOwn()
    {
        using var scope = NewDisposeScope();
        using var network = new Network { Model = Model.Transformer, Width = 8, Heads = 2, Layers = 2, Learned = false }
            .Create(Images(), s_options, seed: 4);

        network.modules().OfType<SimplexEtfLinear>().Select(layer => layer.Etf.Seed).Should().OnlyHaveUniqueItems().And.HaveCount(4);
    }

    [Fact]
    public void Forward_WhatIsBehindATextsEnd_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        var texts = new TensorSet(zeros(1, 6, dtype: int64), zeros(1, dtype: int64));
        using var data = new DataSet("", texts, texts, ["a", "b", "c"]);
        using var network = new Network { Model = Model.Transformer, Width = 8, Heads = 2, Layers = 2 }.Create(data, s_options, seed: 0);
        var tokens = tensor(new long[] { 5, 9, 7, 0, 0, 0 }).reshape(1, 6);
        var before = network.call(tokens);
        using (no_grad())
            network.named_parameters().Single(entry => entry.name == "positions").parameter.narrow(1, 4, 3).add_(1);

        Sample.Max(network.call(tokens) - before).Should().BeLessThan(1e-6);
        Sample.Max(network.call(tokens.roll(1, 1)) - before).Should().BeGreaterThan(1e-4);
    }

    [Theory]
    [InlineData(Model.Transformer, 5, 4, "--patch 5 does not divide images of 28 x 28")]
    [InlineData(Model.Transformer, 4, 7, "--heads 7 does not divide --width 64")]
    public void Create_SizesThatDoNotSuit_AreNamed(Model model, int patch, int heads, string named) => FluentActions
        .Invoking(() => new Network { Model = model, Patch = patch, Heads = heads }.Create(Images(), s_options, seed: 0))
        .Should().Throw<SampleException>().WithMessage($"*{named}*");

    [Fact]
    public void Create_ImagesOfATable_SaysWhatToTake()
    {
        var rows = new TensorSet(zeros(3, 4), zeros(3, dtype: int64));
        using var data = new DataSet("table", rows, rows, ["a", "b"]);
        FluentActions.Invoking(() => new Network { Model = Model.Small }.Create(data, s_options, seed: 0))
            .Should().Throw<SampleException>().WithMessage("--model small does not take table; take mlp.");
    }

    private static DataSet Images() => new("", new TensorSet(zeros(1, 1, 28, 28), zeros(1, dtype: int64)), null!,
        [.. Enumerable.Range(0, 10).Select(i => $"{i}")]);
}
