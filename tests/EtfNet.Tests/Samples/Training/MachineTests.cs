using EtfNet.Samples;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Training;

public sealed class MachineTests
{
    [Fact]
    public void ToClock_Processor_RunsWhileTheProcessComputes()
    {
        var clock = new Machine { Clock = "processor" }.ToClock();
        var start = clock.GetTimestamp();
        SpinWait.SpinUntil(() => clock.GetElapsedTime(start) > TimeSpan.Zero, TimeSpan.FromMinutes(1)).Should().BeTrue();
        clock.Should().NotBeSameAs(TimeProvider.System);
    }

    [Fact]
    public void ToClock_Default_IsTheSystems() => new Machine().ToClock().Should().BeSameAs(TimeProvider.System);

    [Fact]
    public void ToString_SaysWhatTimesAreTakenFrom()
    {
        $"{new Machine { Clock = "processor" }}".Should().EndWith("times of the processor");
        $"{new Machine()}".Should().NotContain("times");
    }

    [Fact]
    public void Clock_OfAnotherName_IsRefused() =>
        FluentActions.Invoking(() => new Machine { Clock = "sun" }).Should().Throw<ArgumentException>().WithMessage("*wall or processor*");
}
