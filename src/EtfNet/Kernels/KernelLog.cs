namespace EtfNet;

/// <summary>Where the kernels say what a user should know: they have no logger of their own.</summary>
internal static class KernelLog
{
    private static Action<string>? s_sink;
    private static bool s_saidUnavailable;

    /// <summary>Takes messages from now on; the last sink counts. That the kernels are missing is said once per process, as soon as somebody listens.</summary>
    public static void SetSink(Action<string>? sink)
    {
        s_sink = sink;
        if (sink is null || s_saidUnavailable || NativeTorch.Reason is not { } reason)
            return;
        s_saidUnavailable = true;
        sink($"The kernels of this library are not used, tensor operations do their work: {reason}");
    }

    public static void Write(string message) => s_sink?.Invoke(message);
}
