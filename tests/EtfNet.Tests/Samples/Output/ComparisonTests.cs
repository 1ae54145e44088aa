using System.Text.Json.Nodes;
using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

/// <summary>The programs FashionMnist and ResNet.</summary>
public sealed class ComparisonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();

    public ComparisonTests() => IdxBytes.WriteSet(Directory.CreateDirectory(_folder.File("data")).FullName);

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
    }

    [Fact]
    public void Run_EffectiveDepthFound_ComparesWithANetworkOfThatDepth()
    {
        // At an epsilon that every error is below, the first layer is the effective depth.
        Run("--width 16 --layers 3 --epochs 2 --batch-size 8 --epsilon 0.999 --max-error-rise 9 --max-loss-rise 99 --max-output-error 9");

        _output.ToString().Should().Contain("depth 1 only: 1 hidden layers of 16").And.Contain("| baseline | Adaptive-ETF | depth 1 only |")
            .And.Contain("| trainable parameters").And.Contain("written to");
        Directory.EnumerateFiles(_folder.File("out")).Select(Path.GetFileName).Should()
            .BeEquivalentTo("summary.json", "history.csv", "ncc-error.png", "accuracy.png");
        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Select(run => run!["name"]!.GetValue<string>()).Should().Equal("baseline", "Adaptive-ETF", "depth 1 only");
        runs.Should().OnlyContain(run => run!["secondsPerEpoch"]!.AsArray().Count == 2);
        runs[1]!["last"]!["fixed"]!.AsArray().Should().NotBeEmpty();
    }

    [Fact]
    public void Run_NoEffectiveDepth_SaysThatThereIsNoShallowerNetwork()
    {
        Run("--width 16 --layers 2 --epochs 1 --batch-size 8");

        _output.ToString().Should().Contain("no shallower network to compare with").And.NotContain("depth 1");
    }

    [Fact]
    public void Run_Method_TrainsOneNetworkAndSaysThatFilesAreReplaced()
    {
        Run("--width 16 --layers 2 --epochs 1 --batch-size 8 --method watch --fix-from-start head --frame identity --quiet");
        Run("--width 16 --layers 2 --epochs 1 --batch-size 8 --method adaptive --paper");

        _output.ToString().Should().Contain("holds an earlier run");
        JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray().Should().ContainSingle()
            .Which!["name"]!.GetValue<string>().Should().Be("adaptive");
    }

    [Fact]
    public void Run_TrainingDiverges_KeepsItsSummary()
    {
        Run("--width 16 --layers 2 --epochs 2 --batch-size 8 --learning-rate 1e30 --method watch --batch-norm false");

        JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]![0]!["last"]!["loss"]!.GetValue<string>()
            .Should().Be("NaN");
    }

    [Fact]
    public void Run_SmallResNet_Works()
    {
        Run("--model small --layers 1 --epochs 1 --batch-size 8 --mirror --cosine");

        _output.ToString().Should().Contain("block1.conv2").And.Contain("residual network of 1 blocks");
    }

    [Fact]
    public void Run_Help_ListsTheOptions()
    {
        Run("--help");

        _output.ToString().Should().ContainAll("--epsilon", "--threads", "--out", "--max-output-error", "--quiet");
    }

    [Theory]
    [InlineData("--data nowhere", "nowhere")]
    [InlineData("words", "words: give options")]
    [InlineData("--threads 0", "--threads 0")]
    [InlineData("--device tpu", "--device tpu")]
    [InlineData("--fix-from-start linear9 --method watch", "linear9")]
    [InlineData("--include nothing", "nothing")]
    [InlineData("--rates linear9@1:0", "linear9")]
    [InlineData("--begin-as-frame linear9", "linear9")]
    [InlineData("--layers 1001", "--layers 1001")]
    [InlineData("--data languages", "--model mlp does not take")]
    [InlineData("--model transformer --patch 5", "--patch 5")]
    [InlineData("--model transformer --patch 1 --heads 7", "--heads 7")]
    public void Run_BadInput_FailsBeforeAnythingIsTrainedOrShown(string arguments, string named)
    {
        FluentActions.Invoking(() => Run(arguments)).Should().Throw<Exception>().Which.Message.Should().Contain(named);

        _output.ToString().Should().BeEmpty();
    }

    private void Run(string arguments)
    {
        string[] words =
        [
            .. arguments.Split(' '), "--out", _folder.File("out"),
            .. arguments.Contains("--data") ? Array.Empty<string>() : ["--data", _folder.File("data")],
            .. arguments.Contains("--threads") ? Array.Empty<string>() : ["--threads", "1"],
        ];
        Comparison.Run("Test", "epsilon=0.2", words, new Screen(_output, null, TimeProvider.System), CancellationToken.None).Should()
            .Be(SampleProgram.Success);
    }
}
