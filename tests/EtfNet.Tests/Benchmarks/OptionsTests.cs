using EtfNet.Benchmarks.Commands;
using EtfNet.Benchmarks.Report;
using EtfNet.Benchmarks.Setup;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class OptionsTests
{
    [Fact]
    public void Take_AmongOthersOptions_LeavesThem()
    {
        var options = new Options(["--filter", "*Kernels*", "--threads", "3", "--job", "short", "--device", "cpu"]);
        RunSettings.Take(options, () => true).Should().Be(new RunSettings(false, 3));
        options.Left.Should().Equal("--filter", "*Kernels*", "--job", "short");
    }

    [Fact]
    public void Take_CudaWhereItIs_IsTaken() => RunSettings.Take(new Options(["--device", "cuda"]), () => true).Should().Be(new RunSettings(true, 2));

    [Theory]
    [InlineData("--device cuda", "no CUDA device")]
    [InlineData("--device tpu", "cpu or cuda")]
    [InlineData("--device", "needs a value")]
    [InlineData("--threads --device cpu", "needs a value")]
    [InlineData("--threads 0", "at least 1")]
    [InlineData("--threads -2", "at least 1")]
    [InlineData("--threads many", "at least 1")]
    public void Take_WrongValue_SaysInOneLineWhatIsRight(string line, string wanted) =>
        FluentActions.Invoking(() => RunSettings.Take(new Options(line.Split(' ')), () => false))
            .Should().Throw<OptionException>().Which.Message.Should().Contain(wanted).And.NotContain("\n");

    [Fact]
    public void End_UnknownArgument_NamesItAndTheUsage() =>
        FluentActions.Invoking(() => new Options(["--widht"]).End("growth [--quick]")).Should().Throw<OptionException>().WithMessage("*--widht*growth [--quick]*");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../up")]
    [InlineData(".hidden")]
    [InlineData("two words")]
    public void Name_NoFileName_Throws(string? name) => FluentActions.Invoking(() => ReportCommand.Name(name)).Should().Throw<OptionException>();

    [Fact]
    public void Arguments_NoJob_AreShort()
    {
        BenchmarkRun.Arguments(["--filter", "*"]).Should().Equal("--filter", "*", "--job", "short");
        BenchmarkRun.Arguments(["-j", "long"]).Should().Equal("-j", "long");
    }

    [Fact]
    public void Read_NoRatios_SaysWhatWouldBeRight()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("broken.json"), "{");
        foreach (var name in new[] { "broken.json", "absent.json" })
            FluentActions.Invoking(() => RatioLine.Read(folder.File(name))).Should().Throw<OptionException>().WithMessage("*ratios --json*");
    }
}
