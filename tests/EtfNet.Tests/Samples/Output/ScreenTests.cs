using EtfNet.Samples;
using EtfNet.Tests.Samples.Training;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

public sealed class ScreenTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly MovingClock _clock = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Epoch_Redirected_IsALinePerEpochWithFixedLayersInBrackets()
    {
        var screen = new Screen(_output, null, _clock);

        screen.Begin("run");
        screen.Progress("run", 0.5);
        screen.Epoch(Epochs.Epoch(1, note: "waits: 0.59 away"), 2);
        screen.Epoch(Epochs.Epoch(2, [Epochs.Fixed("head", 2)], "waits: 0.61 away"), 2);

        Lines().Should().Equal(
            "run", "  layers  linear1, head", "   epoch    loss    train     test     time  NCC error per layer, [fixed]",
            "     1/2  1.0000   51.00%   41.00%    1.00s    -     -", "         linear1: waits: 0.59 away",
            "     2/2  0.5000   52.00%   42.00%    2.00s   .250 [.063]", "         fixed head: aligned, rank 20, output error 0.400");
    }

    [Fact]
    public void Line_NarrowTerminal_IsBrokenAtSpacesToItsWidth()
    {
        new Screen(_output, 30, _clock).Line("epoch 3 of 21: one two three four five six seven eight nine");

        Lines().Should().OnlyContain(line => line.Length <= 30).And.HaveCountGreaterThan(1);
        string.Join(' ', Lines().Select(line => line.Trim())).Should().Be("epoch 3 of 21: one two three four five six seven eight nine");
    }

    [Fact]
    public void Progress_Terminal_EstimatesLateAndIsErasedByTheNextLine()
    {
        var screen = new Screen(_output, 80, _clock);
        screen.Begin("run");
        screen.Progress("run", 0.01);
        _clock.Seconds = 4;
        screen.Progress("run", 0.2);
        _clock.Seconds = 10;
        screen.Progress("run", 0.25);
        screen.Line("done");

        var shown = _output.ToString().Split("\r\u001b[2K");
        shown.Should().HaveCount(5);
        shown[1].Should().Be("run: 1%");
        shown[2].Should().Be("run: 20%");
        shown[3].Should().Be("run: 25%, about 00:00:30 left");
        shown[4].Should().Be("done" + Environment.NewLine);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "")]
    [InlineData(5, "run:")]
    public void Progress_TerminalWithoutAWidth_ShowsWhatFits(int width, string shown)
    {
        var screen = new Screen(_output, width, _clock);
        screen.Begin("r");
        screen.Progress("run", 0.5);
        screen.Line("done");

        _output.ToString().Replace("\r\u001b[2K", "", StringComparison.Ordinal).Should()
            .Be($"r{Environment.NewLine}{shown}done{Environment.NewLine}");
    }

    private string[] Lines() => _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private sealed class MovingClock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
