namespace EtfNet;

/// <summary>Lets one thread at a time into the calls of a group, and none once it is closed.</summary>
internal sealed class CallGuard
{
    private const int Free = 0;
    private const int Busy = 1;
    private const int Closed = 2;

    private int _state;

    /// <summary>Enters a call; disposing the result leaves it.</summary>
    /// <exception cref="InvalidOperationException">Another thread is in a call.</exception>
    /// <exception cref="ObjectDisposedException">The group is closed.</exception>
    public Scope Enter(object owner)
    {
        var before = Interlocked.CompareExchange(ref _state, Busy, Free);
        ObjectDisposedException.ThrowIf(before == Closed, owner);
        if (before == Busy)
            throw new InvalidOperationException("Another thread of this rank is in a collective call. Make the calls one after the other.");
        return new Scope(this);
    }

    /// <summary>Closes the group to further calls.</summary>
    /// <param name="inCall">Whether a thread is in a call.</param>
    /// <returns>False where it was closed before.</returns>
    public bool Close(out bool inCall)
    {
        var before = Interlocked.Exchange(ref _state, Closed);
        inCall = before == Busy;
        return before != Closed;
    }

    /// <summary>A call in progress.</summary>
    internal readonly ref struct Scope(CallGuard guard)
    {
        public void Dispose() => Interlocked.CompareExchange(ref guard._state, Free, Busy);
    }
}
