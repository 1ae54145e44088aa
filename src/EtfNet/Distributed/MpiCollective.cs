using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The processes that <c>mpirun</c> started, as ranks over Open MPI, on one machine or several.</summary>
/// <remarks>
/// <para>Open MPI 3, 4 or 5 must be installed. Its library is loaded by the first <see cref="Start"/>, not before. MPI is initialized once
/// per process, with MPI_THREAD_SERIALIZED, and finalized when the process ends.</para>
/// <para>Every call is first compared with the calls of the other ranks, and every wait ends after <see cref="MpiOptions.Timeout"/>. An
/// exception that the program does not catch is written to standard error with the number of the rank; the other ranks get it as a
/// <see cref="CollectiveException"/>, and after at most 5 seconds the whole job is aborted. <c>mpirun</c> ends the job if the system kills
/// a rank.</para>
/// </remarks>
public sealed class MpiCollective : ICollective, IDisposable
{
    private readonly MpiWorld _world;
    private readonly CallGuard _guard = new();
    private readonly MpiCommunicators _communicators;
    private readonly RankMessages _messages;
    private readonly MpiExchange _exchange;

    private MpiCollective(MpiWorld world, MpiOptions options)
    {
        _world = world;
        _communicators = MpiCommunicators.Create(world, options.Timeout);
        _messages = new RankMessages(world.Mpi, _communicators.Messages, Rank, Size);
        _exchange = new MpiExchange(world.Mpi, _communicators.Calls, _messages, Rank, Size, options);
        world.Add(this);
    }

    /// <inheritdoc/>
    public int Rank => _world.Rank;

    /// <inheritdoc/>
    public int Size => _world.Size;

    /// <summary>Gets the version that the MPI library reports, such as <c>Open MPI v4.1.4</c>.</summary>
    public string Library => _world.Mpi.Version;

    /// <summary>Joins the ranks that <c>mpirun</c> started. All of them must call it.</summary>
    /// <param name="options">The options; null for the defaults.</param>
    /// <returns>A new group for each call, independent of earlier ones. Dispose it on all ranks.</returns>
    /// <exception cref="CollectiveException">
    /// There is no MPI library, it is not Open MPI, its thread level is too low, there is only one rank, or a rank did not start in time.
    /// </exception>
    /// <exception cref="InvalidOperationException">MPI was finalized in this process, or was loaded from another path.</exception>
    public static MpiCollective Start(MpiOptions? options = null)
    {
        options ??= new MpiOptions();
        var group = new MpiCollective(MpiWorld.Start(options), options);
        group.Barrier($"start of EtfNet {typeof(MpiCollective).Assembly.GetName().Version}");
        return group;
    }

    /// <inheritdoc/>
    public void Sum(Span<float> values, [CallerMemberName] string purpose = "") =>
        Run(new CollectiveCall(CallKind.SumOfFloats, values.Length, 0, purpose), MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public void Sum(Span<double> values, [CallerMemberName] string purpose = "") =>
        Run(new CollectiveCall(CallKind.SumOfDoubles, values.Length, 0, purpose), MemoryMarshal.AsBytes(values));

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes, int root = 0, [CallerMemberName] string purpose = "") =>
        Run(CollectiveCall.Broadcast(bytes.Length, root, Size, purpose), bytes);

    /// <inheritdoc/>
    public void Barrier([CallerMemberName] string purpose = "") => Run(new CollectiveCall(CallKind.Barrier, 0, 0, purpose), []);

    /// <summary>Ends all ranks, for a program that catches its exceptions itself.</summary>
    /// <param name="message">The reason, for standard error and for the <see cref="CollectiveException"/> of the other ranks.</param>
    /// <param name="exitCode">The exit code of the job, above 0.</param>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exitCode"/> is not above 0.</exception>
    [DoesNotReturn]
    public void Abort(string message, int exitCode = 1)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exitCode);
        var failure = new CollectiveException(CollectiveError.RankFailed, [Rank], $"Rank {Rank} failed: {message}");
        _world.EndJob($"Rank {Rank} of {Size} aborts: {message}", failure, exitCode);
        throw new UnreachableException("MPI_Abort came back.");
    }

    /// <summary>Leaves the group: waits for the other ranks to do the same.</summary>
    /// <remarks>
    /// If they make further calls instead, they get a <see cref="CollectiveException"/>, a line on standard error names this rank, and the
    /// job ends with an error.
    /// </remarks>
    public void Dispose()
    {
        if (!_guard.Close(out var inCall) || _world.Mpi.IsFinalized)
            return;
        CollectiveException? failure = null;
        if (!inCall && _exchange.TryLeave(out failure))
        {
            _exchange.Dispose();
            _messages.Poll(inCall: false);
            _communicators.Free();
            _world.Remove(this);
            return;
        }

        // The others are told when this process ends, so that it can still say its own error: mpirun ends the job soon after.
        _world.Tell(failure);
    }

    /// <summary>Ends this rank's calls and tells the others, with the reason if there is one.</summary>
    internal void Abandon(CollectiveException? failure)
    {
        _guard.Close(out _);
        if (failure is not null)
            _messages.Fail(failure);
        else
            _messages.Leave();
    }

    /// <summary>Whether all other ranks make no more calls either.</summary>
    internal bool IsAlone()
    {
        _messages.Poll(inCall: false);
        return _messages.IsAlone();
    }

    private void Run(CollectiveCall call, Span<byte> bytes)
    {
        using var entered = _guard.Enter(this);
        _world.RequireNotFinalized();
        _exchange.Run(call, bytes);
    }
}
