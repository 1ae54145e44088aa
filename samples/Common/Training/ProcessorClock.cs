namespace EtfNet.Samples;

/// <summary>A clock that runs while this process computes: with one thread, the time that a training would take on an idle
/// machine.</summary>
internal sealed class ProcessorClock : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Environment.CpuUsage.TotalTime.Ticks;
}
