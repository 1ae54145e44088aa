using System.Text.Json.Nodes;
using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples;

public sealed class VisionTransformerProgramTests : IDisposable
{
    private const string Small = "--patch 1 --width 8 --heads 2 --blocks 2 --ratio 2 --batch 8 --epochs 3 --warmup 0 --threads 1";

    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _program = new(VisionTransformerProgram.Run);

    public void Dispose()
    {
        _folder.Dispose();
        _program.Dispose();
    }

    [Theory]
    [InlineData("--heads 5", "5 heads do not divide a width of 64")]
    [InlineData("--heads 0", "at least 1")]
    [InlineData("--width 1", "at least 2")]
    [InlineData("--ratio 0", "--ratio 0")]
    [InlineData("--ratio NaN", "--ratio NaN")]
    [InlineData("--ratio 0.01", "at least 2")]
    [InlineData("--frame identity", "ratio of 1")]
    [InlineData("--frame round", "random, dense, identity")]
    [InlineData("--dropout 1", "--dropout 1")]
    [InlineData("--stochastic-depth -0.5", "--stochastic-depth -0.5")]
    [InlineData("--fix none", "both, up, down")]
    [InlineData("--epsilon 1", "--epsilon 1")]
    [InlineData("--switch-frame round", "aligned, nearest")]
    [InlineData("--rank 0", "at least 1")]
    [InlineData("--learn -1", "at least 0")]
    [InlineData("--output-error 0", "--output-error 0")]
    [InlineData("--warmup -1", "at least 0")]
    [InlineData("--momentum 0.9", "--momentum")]
    [InlineData("--patch 5", "28 x 28")]
    [InlineData("--patch 0", "at least 1")]
    [InlineData("--data nowhere", "nowhere")]
    [InlineData("train --method static", "baseline, etf, adaptive")]
    public void Run_BadInput_IsOneLineAndExitCode2(string arguments, string named) =>
        _program.Fails($"{arguments} --out {_folder.File("out")}", _folder.File("out")).Should().Contain(named);

    [Fact]
    public void Run_Compare_WritesThreeRunsAndFixesFeedforwards()
    {
        IdxBytes.WriteSet(_folder.Path);

        _program.Run($"{Small} --data {_folder.Path} --epsilon 0.9999 --learn 1 --output-error 10 --out {_folder.File("out")}").Should().Be(ExitCode.Success);

        _program.Error.Should().BeEmpty();
        _program.Output.Should().Contain("block1.up").And.Contain("4 of 4");
        Directory.EnumerateFiles(_folder.File("out")).Select(Path.GetFileName).Should().BeEquivalentTo(
            [RunRecorder.SummaryFile, RunRecorder.HistoryFile, Pictures.NccErrorFile, Pictures.AccuracyFile]);
        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Select(run => run!["name"]!.GetValue<string>()).Should().Equal("baseline", "etf", "adaptive");
        runs.Select(run => run!["fixedLayers"]!.AsArray().Count).Should().Equal(0, 4, 4);
        runs.Select(run => string.Join(' ', run!["nccError"]!.AsObject().Select(layer => layer.Key))).Distinct().Should()
            .Equal("block1.feedforward.up block1.feedforward.down block2.feedforward.up block2.feedforward.down");
        var trainable = runs.Select(run => run!["trainableParameters"]!.GetValue<int>()).ToList();
        // Two blocks, each up and down of 8 x 16; the ETF-Transformer has a factor for each output in exchange.
        (trainable[0] - trainable[2]).Should().Be(2 * 2 * 8 * 16);
        (trainable[1] - trainable[2]).Should().Be(2 * (8 + 16));
        runs.Select(run => run!["totalParameters"]!.GetValue<int>()).Distinct().Should().HaveCount(2);
    }

    [Theory]
    [InlineData("baseline")]
    [InlineData("etf --fix up --no-unit-scale")]
    [InlineData("etf --frame dense")]
    [InlineData("adaptive --switch-frame aligned --rank 2")]
    public void Run_Train_WritesOneRun(string method)
    {
        IdxBytes.WriteSet(_folder.Path);

        _program.Run($"train --method {method} {Small} --data {_folder.Path} --quiet --out {_folder.File("out")}").Should().Be(ExitCode.Success);

        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Should().ContainSingle().Which!["name"]!.GetValue<string>().Should().Be(method.Split(' ')[0]);
    }
}
