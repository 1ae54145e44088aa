using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The calls of one rank on one communicator. All waiting is polling, with an end.</summary>
/// <remarks>
/// A call begins with one small reduction, of the same form for all kinds of calls, in which the ranks compare what they are about to do.
/// So ranks whose calls differ are told, and MPI never sees calls that do not match. MPI works on memory of this class only: after a call
/// that was given up it does not write to the user's.
/// </remarks>
internal sealed class MpiExchange(OpenMpi mpi, nint communicator, RankMessages messages, int rank, int size, MpiOptions options)
    : IDisposable
{
    /// <summary>How long other ranks have to say that they wait as well.</summary>
    private static readonly TimeSpan s_answerTime = TimeSpan.FromSeconds(3);

    /// <summary>How long the reason of a rank that left may take to come.</summary>
    private static readonly TimeSpan s_reasonTime = TimeSpan.FromSeconds(1);

    private readonly NativeBlock _agreement = new(2 * sizeof(long));
    private readonly NativeBlock _chunk = new();
    private CollectiveException? _failure;

    /// <summary>Makes a call together with all ranks.</summary>
    /// <exception cref="CollectiveException">The ranks make other calls or do not arrive, now or in an earlier call.</exception>
    public void Run(CollectiveCall call, Span<byte> bytes)
    {
        if (_failure is not null)
            throw _failure.Again();
        try
        {
            Agree(call);
            if (call.Kind == CallKind.Broadcast)
                Broadcast(call, bytes);
            else if (call.Kind == CallKind.SumOfFloats)
                Sum(call, bytes, sizeof(float), mpi.Float);
            else if (call.Kind == CallKind.SumOfDoubles)
                Sum(call, bytes, sizeof(double), mpi.Double);
        }
        catch (CollectiveException failure)
        {
            _failure = failure;
            throw;
        }
    }

    /// <summary>Ends the calls together with all ranks.</summary>
    /// <param name="failure">Why the other ranks do not end their calls, unless that was thrown before.</param>
    public bool TryLeave(out CollectiveException? failure)
    {
        failure = null;
        var wasBroken = _failure is not null;
        try
        {
            Run(CollectiveCall.Leave, []);
            return true;
        }
        catch (CollectiveException broken)
        {
            failure = wasBroken ? null : broken;
            return false;
        }
    }

    /// <summary>Frees the memory; only after <see cref="TryLeave"/>: MPI may still write to that of a call that was given up.</summary>
    public void Dispose()
    {
        _agreement.Dispose();
        _chunk.Dispose();
    }

    private void Agree(CollectiveCall call)
    {
        // The highest signature and the lowest, negated: equal where all are.
        var signature = call.Signature;
        var extremes = _agreement.View<long>(2);
        (extremes[0], extremes[1]) = (signature, -signature);
        Wait(mpi.AllReduce(_agreement.Address, 2, mpi.Int64, mpi.MaxOf, communicator), call, mayBeLate: true);
        if (extremes[0] != -extremes[1])
            throw CallComparison.Difference(Calls(call));
    }

    private void Sum(CollectiveCall call, Span<byte> values, int width, nint type)
    {
        for (var done = 0; done < values.Length;)
        {
            var part = Part(values, done);
            part.CopyTo(_chunk.View<byte>(part.Length));
            Wait(mpi.AllReduce(_chunk.Address, part.Length / width, type, mpi.SumOf, communicator), call, mayBeLate: false);
            _chunk.View<byte>(part.Length).CopyTo(part);
            done += part.Length;
        }
    }

    private void Broadcast(CollectiveCall call, Span<byte> bytes)
    {
        for (var done = 0; done < bytes.Length;)
        {
            var part = Part(bytes, done);
            if (rank == call.Root)
                part.CopyTo(_chunk.View<byte>(part.Length));
            Wait(mpi.Broadcast(_chunk.Address, part.Length, call.Root, communicator), call, mayBeLate: false);
            if (rank != call.Root)
                _chunk.View<byte>(part.Length).CopyTo(part);
            done += part.Length;
        }
    }

    /// <summary>The next bytes to exchange, whole numbers of 8, for which the chunk has room.</summary>
    private Span<byte> Part(Span<byte> bytes, int start)
    {
        var part = bytes[start..Math.Min(bytes.Length, start + (options.ChunkBytes / sizeof(double) * sizeof(double)))];
        _chunk.Reserve(part.Length);
        return part;
    }

    private CollectiveCall[] Calls(CollectiveCall own)
    {
        const int Length = CollectiveCall.EncodedLength;
        // Not freed where the ranks' calls do not come: MPI may still write to it.
        var block = new NativeBlock(Length * (size + 1));
        var bytes = block.View<byte>(Length * (size + 1));
        own.Encode().CopyTo(bytes);
        Wait(mpi.AllGather(block.Address, block.Address + Length, Length, communicator), own, mayBeLate: false);
        var calls = new CollectiveCall[size];
        for (var other = 0; other < size; other++)
            calls[other] = CollectiveCall.Decode(bytes[(Length * (other + 1))..]);
        block.Dispose();
        return calls;
    }

    /// <param name="request">What is waited for.</param>
    /// <param name="call">The call that it belongs to.</param>
    /// <param name="mayBeLate">Whether ranks may still be busy elsewhere, so that waiting takes no processor time.</param>
    private void Wait(nint request, CollectiveCall call, bool mayBeLate)
    {
        if (Poll(ref request, options.Timeout, mayBeLate))
            return;

        messages.Ask();
        if (Poll(ref request, s_answerTime, mayBeLate, () => messages.Silent().Count == 0))
            return;
        var missing = messages.Silent();
        // A rank that arrived at the last moment still completes the call.
        if (missing.Count == 0 && Poll(ref request, s_answerTime, mayBeLate))
            return;
        var failure = CollectiveTimeout.Of([.. Enumerable.Range(0, size).Except(missing)], missing, call, options.Timeout);
        messages.Fail(failure);
        throw failure;
    }

    /// <returns>Whether the request is done; false after the limit, or as soon as <paramref name="isEnough"/> says so.</returns>
    private bool Poll(ref nint request, TimeSpan limit, bool mayBeLate, Func<bool>? isEnough = null)
    {
        const double SpinTime = 10;
        var start = Stopwatch.GetTimestamp();
        TimeSpan? goneSince = null;
        for (var turn = 1; !mpi.Test(ref request); turn++)
        {
            var waited = Stopwatch.GetElapsedTime(start);
            if (waited.TotalMilliseconds > SpinTime || turn % 256 == 0)
            {
                messages.Poll(inCall: true);
                if (messages.Failure is { } failure)
                    throw failure;
                if (messages.Gone is { Count: > 0 } gone && waited - (goneSince ??= waited) > s_reasonTime)
                    throw RankDeparture.Of(gone);
            }

            if (waited >= limit || isEnough?.Invoke() == true)
                return false;
            if (mayBeLate && waited.TotalMilliseconds > SpinTime)
                Thread.Sleep(1);
            else
                Thread.Yield();
        }

        return true;
    }
}
