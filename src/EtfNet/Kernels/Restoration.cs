namespace EtfNet;

/// <summary>Does something when it is disposed, once.</summary>
internal sealed class Restoration(Action restore) : IDisposable
{
    private Action? _restore = restore;

    public void Dispose() => Interlocked.Exchange(ref _restore, null)?.Invoke();
}
