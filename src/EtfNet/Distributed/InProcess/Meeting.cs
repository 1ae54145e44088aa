namespace EtfNet;

/// <summary>Where the ranks of an <see cref="InProcessCollective"/> meet: the last to arrive does the work for all.</summary>
internal sealed class Meeting(int size, TimeSpan timeout)
{
    private readonly object _gate = new();
    private readonly CollectiveCall?[] _calls = new CollectiveCall?[size];
    private readonly nint[] _memory = new nint[size];
    private long _round;
    private int _arrived;
    private CollectiveException? _failure;

    public int Size => size;

    /// <summary>Takes part in a call.</summary>
    /// <param name="rank">The rank that calls.</param>
    /// <param name="call">Its call.</param>
    /// <param name="memory">Its values, pinned until this returns.</param>
    /// <exception cref="CollectiveException">The calls differ, a rank is missing or failed.</exception>
    public void Join(int rank, CollectiveCall call, nint memory)
    {
        lock (_gate)
        {
            if (_failure is not null)
                throw _failure.Again();
            (_calls[rank], _memory[rank]) = (call, memory);
            if (++_arrived == size)
                Complete();
            else
                Wait(_round, call);
            if (_failure is not null)
                throw _failure.Again();
        }
    }

    /// <summary>Ends the group: ranks that wait, and those that call later, get the error.</summary>
    public void Fail(CollectiveException failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            Monitor.PulseAll(_gate);
        }
    }

    private void Wait(long round, CollectiveCall call)
    {
        var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (_round == round && _failure is null)
        {
            var left = until - Environment.TickCount64;
            if (left <= 0)
            {
                int[] missing = [.. Enumerable.Range(0, size).Where(rank => _calls[rank] is null)];
                Fail(CollectiveTimeout.Of([.. Enumerable.Range(0, size).Except(missing)], missing, call, timeout));
                return;
            }

            Monitor.Wait(_gate, (int)Math.Min(left, int.MaxValue));
        }
    }

    private void Complete()
    {
        var call = _calls[0]!.Value;
        if (_calls.Any(other => other != call))
            _failure = CallComparison.Difference([.. _calls.Select(other => other!.Value)]);
        else
            SharedMemory.Run(call, _memory);
        (_arrived, _round) = (0, _round + 1);
        Array.Clear(_calls);
        Monitor.PulseAll(_gate);
    }
}
