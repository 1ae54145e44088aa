using EtfNet.Benchmarks.Commands;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Benchmarks;

public sealed class BenchmarkProgramTests
{
    [Theory]
    [InlineData("--device tpu", "cpu or cuda")]
    [InlineData("--device", "--device")]
    [InlineData("--threads", "--threads")]
    [InlineData("--threads 0", "at least 1")]
    [InlineData("--threads -2", "at least 1")]
    [InlineData("--threads many", "--threads")]
    [InlineData("rations", "'rations'")]
    [InlineData("ratios --threads 0", "at least 1")]
    [InlineData("ratios --widht 3", "'--widht'")]
    [InlineData("ratios --only identity,nothing", "nccOverhead")]
    [InlineData("ratios --only ,", "known names")]
    [InlineData("ratios --seconds 0", "above 0")]
    [InlineData("ratios --seconds nan", "above 0")]
    [InlineData("ratios --seconds long", "--seconds")]
    [InlineData("ratios --json no/such/folder/ratios.json", "no/such/folder")]
    public void Run_WrongArgument_EndsWithTwoAndOneLine(string line, string wanted)
    {
        using var error = new StringWriter();
        BenchmarkProgram.Run(line.Split(' '), TextWriter.Null, error).Should().Be(2);
        error.ToString().TrimEnd().Should().Contain(wanted).And.NotContain("\n");
    }

    [Fact]
    public void Run_CudaWhereThereIsNone_SaysWhy()
    {
        if (cuda_is_available())
            return;
        using var error = new StringWriter();
        BenchmarkProgram.Run(["ratios", "--device", "cuda"], TextWriter.Null, error).Should().Be(2);
        error.ToString().Should().Contain("no CUDA device");
    }

    [Fact]
    public void Run_HelpOfRatios_ListsNamesAndOptions()
    {
        using var output = new StringWriter();
        BenchmarkProgram.Run(["ratios", "--help"], output, TextWriter.Null).Should().Be(0);
        output.ToString().Should().ContainAll("convAligned", "--only", "--seconds", "--threads", "--device");
    }

    [Fact]
    public void Arguments_NoJob_AreShort()
    {
        BenchmarkRun.Arguments(["--filter", "*"]).Should().Equal("--filter", "*", "--job", "short");
        BenchmarkRun.Arguments(["-j", "long"]).Should().Equal("-j", "long");
    }
}
