namespace EtfNet;

/// <summary>Forwards that one rank makes alone, such as those of a calibration: what is synchronized stays on this rank.</summary>
internal static class SynchronizationPause
{
    [ThreadStatic]
    private static int s_depth;

    /// <summary>Whether this thread is in such a forward.</summary>
    public static bool IsOn => s_depth > 0;

    /// <summary>Begins a pause, which ends when the result is disposed, on the same thread.</summary>
    public static IDisposable Begin()
    {
        s_depth++;
        return new DisposeAction(() => s_depth--);
    }
}
