using System.Text.Json.Nodes;
using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples;

public sealed class LanguageIdentificationProgramTests : IDisposable
{
    private const string Small = "--length 12 --width 8 --heads 2 --blocks 1 --ratio 2 --batch 4 --epochs 2 --threads 1";

    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _program = new(LanguageIdentificationProgram.Run);

    public void Dispose()
    {
        _folder.Dispose();
        _program.Dispose();
    }

    [Theory]
    [InlineData("a\tone\nb two\n", "line 2: no tab")]
    [InlineData("a\tone\n\nb\t\n", "line 3: the text is empty")]
    [InlineData("\tone\n", "line 1: the label is empty")]
    [InlineData("a\tone\na\ttwo\na\tthree\na\tfour\na\tfive\n", "all labeled a")]
    [InlineData("a\tone\nb\ttwo\n", "--test FILE")]
    [InlineData("\n\n", "holds no line")]
    public void Run_BadFile_NamesTheLine(string content, string named)
    {
        File.WriteAllText(_folder.File("texts"), content);

        Fails($"--data {_folder.File("texts")}").Should().Contain(named);
    }

    [Fact]
    public void Run_InvalidUtf8_NamesTheLineAndByte()
    {
        File.WriteAllBytes(_folder.File("texts"), [(byte)'a', 9, (byte)'x', 10, (byte)'b', 9, (byte)'y', 0xE4, (byte)'z', 10]);

        Fails($"--data {_folder.File("texts")}").Should().Contain("line 2").And.Contain("0xE4").And.Contain("UTF-8");
    }

    [Fact]
    public void Run_UnknownTestLabel_NamesLineAndLabel()
    {
        File.WriteAllText(_folder.File("texts"), "a\tone\nb\ttwo\n");
        File.WriteAllText(_folder.File("test"), "a\tone\n\nc\tthree\n");

        Fails($"--data {_folder.File("texts")} --test {_folder.File("test")}").Should().Contain("line 3").And.Contain("label c");
    }

    [Theory]
    [InlineData("--data nowhere", "nowhere")]
    [InlineData("--test nowhere", "nowhere")]
    [InlineData("--length 3", "at least 4")]
    [InlineData("--heads 3", "3 heads")]
    public void Run_BadInput_IsOneLineAndExitCode2(string arguments, string named) => Fails(arguments).Should().Contain(named);

    [Fact]
    public void Run_OwnFile_TrainsOnItAndHoldsOutEveryFifthLine()
    {
        var lines = Enumerable.Range(0, 30).SelectMany(i => new[] { $"left\t<<< {i}", $"right\t>>> {i} ж" });
        File.WriteAllLines(_folder.File("texts"), lines);

        _program.Run($"{Small} --data {_folder.File("texts")} --out {_folder.File("out")}").Should().Be(ExitCode.Success);

        _program.Error.Should().BeEmpty();
        _program.Output.Should().Contain("48 training, 12 test texts, 2 labels");
        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Select(run => run!["name"]!.GetValue<string>()).Should().Equal("baseline", "etf", "adaptive");
        runs.Select(run => run!["testAccuracy"]!.GetValue<double>()).Should().OnlyContain(accuracy => accuracy >= 0.5);
    }

    private string Fails(string arguments) => _program.Fails($"{arguments} --out {_folder.File("out")}", _folder.File("out"));
}
