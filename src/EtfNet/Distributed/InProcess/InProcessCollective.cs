using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>A group whose ranks are threads of one process.</summary>
internal sealed unsafe class InProcessCollective : ICollective, IDisposable
{
    private readonly Meeting _meeting;
    private readonly CallGuard _guard = new();

    private InProcessCollective(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    public int Rank { get; }

    public int Size => _meeting.Size;

    /// <summary>The ranks of a new group.</summary>
    /// <param name="size">How many, at least 1.</param>
    /// <param name="timeout">How long a rank waits for the others; null for a minute.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public static IReadOnlyList<InProcessCollective> Create(int size, TimeSpan? timeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var meeting = new Meeting(size, timeout ?? TimeSpan.FromMinutes(1));
        return [.. Enumerable.Range(0, size).Select(rank => new InProcessCollective(meeting, rank))];
    }

    /// <summary>Runs a body on each rank, in a thread of its own, and waits for all. A rank that throws fails the others.</summary>
    /// <param name="size">The number of ranks.</param>
    /// <param name="body">What a rank does.</param>
    /// <param name="timeout">How long a rank waits for the others; null for a minute.</param>
    /// <returns>What ended each rank; null for those that came to their end.</returns>
    public static IReadOnlyList<Exception?> Run(int size, Action<ICollective> body, TimeSpan? timeout = null)
    {
        var ended = new Exception?[size];
        var threads = Create(size, timeout).Select(collective => new Thread(() =>
        {
            using (collective)
            {
                try
                {
                    body(collective);
                }
                catch (Exception exception)
                {
                    ended[collective.Rank] = exception;
                    collective.Fail(exception);
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return ended;
    }

    public void Sum(Span<float> values, [CallerMemberName] string purpose = "") =>
        Join(new CollectiveCall(CallKind.SumOfFloats, values.Length, 0, purpose), MemoryMarshal.AsBytes(values));

    public void Sum(Span<double> values, [CallerMemberName] string purpose = "") =>
        Join(new CollectiveCall(CallKind.SumOfDoubles, values.Length, 0, purpose), MemoryMarshal.AsBytes(values));

    public void Broadcast(Span<byte> bytes, int root = 0, [CallerMemberName] string purpose = "") =>
        Join(CollectiveCall.Broadcast(bytes.Length, root, Size, purpose), bytes);

    public void Barrier([CallerMemberName] string purpose = "") => Join(new CollectiveCall(CallKind.Barrier, 0, 0, purpose), []);

    public void Dispose()
    {
        // Leaving is a call: it ends well where all ranks leave.
        if (!_guard.Close(out _))
            return;
        try
        {
            _meeting.Join(Rank, CollectiveCall.Leave, 0);
        }
        catch (CollectiveException)
        {
            // The others get it where they wait.
        }
    }

    private void Join(CollectiveCall call, Span<byte> bytes)
    {
        using var entered = _guard.Enter(this);
        fixed (byte* memory = bytes)
            _meeting.Join(Rank, call, (nint)memory);
    }

    private void Fail(Exception exception)
    {
        if (exception is not CollectiveException)
            _meeting.Fail(RankFailure.Of(Rank, exception));
    }
}
