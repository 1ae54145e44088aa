using EtfNet.Samples;
using FluentAssertions;
using Spectre.Console;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

public sealed class TrainingConsoleTests
{
    [Fact]
    public void Track_Redirected_IsALineAnEpochWithFixedLayersInBrackets()
    {
        var lines = Lines(quiet: false);

        lines[0].Should().Contain("epoch").And.Contain("linear1").And.Contain("head");
        lines[1].Should().Contain("1/2").And.Contain("51.00%").And.Contain("41.00%").And.NotContain("[");
        lines[4].Should().Contain("2/2").And.Contain("0.250").And.Contain("[0.063]");
        lines[5].Should().Contain("fixed head: aligned, rank 20, output error 0.4");
    }

    [Fact]
    public void Track_NoteWithOtherFiguresOnly_IsShownOnceForEachLayer() =>
        Lines(quiet: false).Where(line => line.Contains("waits", StringComparison.Ordinal)).Select(line => line.Trim()).Should().Equal(
            "linear1: waits: 0.59 away", "linear2: waits: 0.59 away");

    [Fact]
    public void Track_Quiet_ShowsNothing() => Lines(quiet: true).Should().BeEmpty();

    private static string[] Lines(bool quiet)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        new TrainingConsole(console, quiet).Track("run", epochs: 2, listener =>
        {
            listener.EpochEnded(Epochs.Epoch(1, notes: ["linear1: waits: 0.59 away", "linear2: waits: 0.59 away"]));
            listener.EpochEnded(Epochs.Epoch(2, [Epochs.Fixed("head", 2)], ["linear1: waits: 0.61 away", "linear2: waits: 0.59 away"]));
        });
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }
}
