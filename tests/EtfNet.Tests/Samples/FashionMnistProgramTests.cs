using System.Text.Json.Nodes;
using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples;

public sealed class FashionMnistProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProgramRun _program = new(FashionMnistProgram.Run);

    public void Dispose()
    {
        _folder.Dispose();
        _program.Dispose();
    }

    [Theory]
    [InlineData("--epsilon 0", "--epsilon 0")]
    [InlineData("--epsilon 1", "--epsilon 1")]
    [InlineData("--epsilon NaN", "--epsilon NaN")]
    [InlineData("--epsilon", "--epsilon")]
    [InlineData("--frame round", "identity, nearest, aligned")]
    [InlineData("--policy none", "default, paper")]
    [InlineData("--device tpu", "cpu, cuda")]
    [InlineData("--hidden 400", "400x7")]
    [InlineData("--hidden 0x7", "400x7")]
    [InlineData("--epochs 0", "at least 1")]
    [InlineData("--epochs 1 --epochs 2", "--epochs")]
    [InlineData("--batch 1", "at least 2")]
    [InlineData("--lr -1", "--lr")]
    [InlineData("--lr infinity", "--lr")]
    [InlineData("--momentum 1", "--momentum")]
    [InlineData("--weight-decay -0.1", "--weight-decay")]
    [InlineData("--milestones 7,7", "--milestones")]
    [InlineData("--milestones 7,x", "--milestones")]
    [InlineData("--patience 0", "--patience")]
    [InlineData("--seed -1", "--seed")]
    [InlineData("--threads 0", "--threads")]
    [InlineData("--batch-norm --no-batch-norm", "--no-batch-norm")]
    [InlineData("--data nowhere", "nowhere")]
    [InlineData("--unknown", "--unknown")]
    [InlineData("unknown", "unknown")]
    [InlineData("train --method none", "adaptive, baseline")]
    [InlineData("static --layers linear9 --hidden 8x1", "linear9")]
    public void Run_BadInput_IsOneLineAndExitCode2(string arguments, string named) => Fails(arguments).Should().Contain(named);

    [Fact]
    public void Run_UnwritableOut_IsFoundBeforeTraining()
    {
        File.WriteAllText(_folder.File("file"), "");

        Run($"--out {_folder.File("file/out")}").Should().Be(ExitCode.BadInput);

        _program.Error.Should().Contain("--out");
        _program.Output.Should().BeEmpty();
    }

    [Fact]
    public void Run_CudaWithoutCuda_SaysWhatToDo()
    {
        if (!TorchSharp.torch.cuda_is_available())
            Fails("--device cuda").Should().Contain("--device cpu");
    }

    [Fact]
    public void Run_CorruptData_NamesTheFile()
    {
        IdxBytes.WriteSet(_folder.Path);
        File.WriteAllBytes(_folder.File("train-images-idx3-ubyte.gz"), [1, 2, 3]);

        Fails($"--data {_folder.Path}").Should().Contain("train-images-idx3-ubyte.gz");
    }

    [Fact]
    public void Run_Compare_WritesBothRuns()
    {
        IdxBytes.WriteSet(_folder.Path);

        Run($"--data {_folder.Path} --hidden 16x2 --epochs 2 --batch 8 --threads 1 --out {_folder.File("out")}").Should().Be(ExitCode.Success);

        _program.Error.Should().BeEmpty();
        _program.Output.Should().Contain("1 of ").And.Contain("trainable parameters").And.Contain("baseline").And.Contain("adaptive");
        Directory.EnumerateFiles(_folder.File("out")).Select(Path.GetFileName).Should().BeEquivalentTo(
            [RunRecorder.SummaryFile, RunRecorder.HistoryFile, Pictures.NccErrorFile, Pictures.AccuracyFile]);
        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Select(run => run!["name"]!.GetValue<string>()).Should().Equal("baseline", "adaptive");
        runs.Select(run => run!["secondsPerEpoch"]!.AsArray().Count).Should().Equal(2, 2);
    }

    [Theory]
    [InlineData("train", "adaptive")]
    [InlineData("train --method baseline --no-batch-norm", "baseline")]
    [InlineData("static --layers head", "static")]
    [InlineData("static", "static")]
    [InlineData("train --policy paper --frame nearest --patience 2 --milestones none", "adaptive")]
    public void Run_OneNetwork_WritesOneRun(string arguments, string name)
    {
        IdxBytes.WriteSet(_folder.Path);

        Run($"{arguments} --data {_folder.Path} --hidden 16x2 --epochs 2 --batch 8 --threads 1 --quiet --out {_folder.File("out")}").Should().Be(ExitCode.Success);

        var runs = JsonNode.Parse(File.ReadAllText(_folder.File("out/summary.json")))!["runs"]!.AsArray();
        runs.Should().ContainSingle().Which!["name"]!.GetValue<string>().Should().Be(name);
    }

    [Fact]
    public void Run_Help_ListsTheOptions()
    {
        Run("--help").Should().Be(ExitCode.Success);

        _program.Output.Should().Contain("--epsilon").And.Contain("static").And.Contain("400x7");
    }

    private string Fails(string arguments) => _program.Fails($"{arguments} --out {_folder.File("out")}", _folder.File("out"));

    private int Run(string arguments) => _program.Run(arguments);
}
