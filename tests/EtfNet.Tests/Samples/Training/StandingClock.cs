namespace EtfNet.Tests.Samples.Training;

/// <summary>No time passes: what is written does not differ in its times.</summary>
internal sealed class StandingClock : TimeProvider
{
    public override long GetTimestamp() => 0;
}
