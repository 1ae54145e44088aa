using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The messages between ranks outside of the calls: who waits, who failed and why, who is gone.</summary>
internal sealed unsafe class RankMessages(OpenMpi mpi, nint communicator, int rank, int size)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _here = [];
    private readonly SortedSet<int> _gone = [];
    private readonly List<(nint Request, nint Memory)> _sending = [];
    private bool _answers;

    /// <summary>Why the group is broken, as another rank told; null where none did.</summary>
    public CollectiveException? Failure { get; private set; }

    /// <summary>The ranks that make no more calls.</summary>
    public IReadOnlyList<int> Gone
    {
        get
        {
            lock (_gate)
                return [.. _gone];
        }
    }

    /// <summary>Receives the messages that have arrived, and advances those being sent.</summary>
    /// <param name="inCall">Whether this rank is in a call, so that it answers ranks that ask.</param>
    public void Poll(bool inCall)
    {
        lock (_gate)
        {
            _answers = inCall;
            while (mpi.TryReceive(communicator, out var source, out var bytes))
                Take(source, RankMessage.Decode(bytes));
            _sending.RemoveAll(IsSent);
        }
    }

    /// <summary>Asks every rank that is not gone whether it is in a call.</summary>
    public void Ask()
    {
        lock (_gate)
        {
            _here.Clear();
            SendToOthers(new RankMessage(RankMessageKind.Ask));
        }
    }

    /// <summary>The ranks that have not answered.</summary>
    public IReadOnlyList<int> Silent()
    {
        lock (_gate)
            return [.. Enumerable.Range(0, size).Where(other => other != rank && !_here.Contains(other))];
    }

    /// <summary>Tells every rank why the group is broken; this rank makes no more calls.</summary>
    public void Fail(CollectiveException failure)
    {
        lock (_gate)
            SendToOthers(new RankMessage(RankMessageKind.Failed, failure));
    }

    /// <summary>Tells every rank that this one makes no more calls.</summary>
    public void Leave()
    {
        lock (_gate)
            SendToOthers(new RankMessage(RankMessageKind.Left));
    }

    /// <summary>Whether all other ranks are gone and all messages sent.</summary>
    public bool IsAlone()
    {
        lock (_gate)
            return _gone.Count == size - 1 && _sending.Count == 0;
    }

    private void Take(int source, RankMessage message)
    {
        switch (message.Kind)
        {
            case RankMessageKind.Ask when _answers:
                Send(source, new RankMessage(RankMessageKind.Here));
                break;
            case RankMessageKind.Here:
                _here.Add(source);
                break;
            case RankMessageKind.Failed:
                Failure ??= message.Failure;
                _gone.Add(source);
                break;
            case RankMessageKind.Left:
                _gone.Add(source);
                break;
            default:
                break;
        }
    }

    private void SendToOthers(RankMessage message)
    {
        for (var other = 0; other < size; other++)
            if (other != rank)
                Send(other, message);
    }

    private void Send(int target, RankMessage message)
    {
        var bytes = message.Encode();
        // Freed once it is sent; never where it cannot be.
        var memory = (nint)NativeMemory.Alloc((nuint)bytes.Length);
        Marshal.Copy(bytes, 0, memory, bytes.Length);
        _sending.Add((mpi.Send(memory, bytes.Length, target, communicator), memory));
    }

    private bool IsSent((nint Request, nint Memory) message)
    {
        var request = message.Request;
        if (!mpi.Test(ref request))
            return false;
        NativeMemory.Free((void*)message.Memory);
        return true;
    }
}
