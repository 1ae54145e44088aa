namespace EtfNet.Samples;

/// <summary>What the samples' processes end with.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>Bad options, data, device or output folder: one line on the error stream says which.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl+C; finished epochs are kept.</summary>
    public const int Stopped = 130;
}
