namespace EtfNet;

/// <summary>Where the kernels say what a user should know: they have no logger of their own.</summary>
/// <param name="unavailable">Why they are not used; null if they are.</param>
internal sealed class KernelLog(Func<string?> unavailable)
{
    private Action<string>? _listener;
    private int _said;

    public static KernelLog Instance { get; } = new(() => NativeTorch.Reason);

    /// <summary>
    /// Gives messages to a listener from now on, in place of the one before. That the kernels are not used is said once, to the first.
    /// </summary>
    public void Listen(Action<string> listener)
    {
        _listener = listener;
        if (unavailable() is { } reason && Interlocked.Exchange(ref _said, 1) == 0)
            listener($"EtfNet's kernels are not used; tensor operations do their work: {reason}.");
    }

    public void Write(string message) => _listener?.Invoke(message);
}
