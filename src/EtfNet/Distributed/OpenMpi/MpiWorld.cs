using System.Diagnostics;

namespace EtfNet;

/// <summary>MPI in this process: initialized once, finalized when the process ends, aborted where it ends with an exception.</summary>
internal sealed class MpiWorld
{
    /// <summary>How long a rank that ends badly stays, so that the others can say their errors before the job is ended.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(5);

    private static readonly Lock s_gate = new();
    private static MpiWorld? s_world;
    private static CollectiveException? s_notStarted;

    private readonly List<MpiCollective> _groups = [];
    private readonly string? _path;
    private readonly bool _finalizes;

    private MpiWorld(MpiOptions options)
    {
        _path = options.LibraryPath;
        Mpi = new OpenMpi(_path);
        RequireNotFinalized();
        var initialized = Mpi.IsInitialized;
        if (!initialized && !options.AllowOneRank && !MpiLaunch.IsLaunched)
            throw new CollectiveException(CollectiveError.OneRank, [], MpiLaunch.NotLaunched);

        var level = initialized ? Mpi.ThreadLevel : Initialize(options.Timeout);
        _finalizes = !initialized;
        if (level < OpenMpi.Serialized)
            throw new CollectiveException(
                CollectiveError.ThreadLevel, [],
                $"MPI gives thread level {level}; wanted at least {OpenMpi.Serialized} (MPI_THREAD_SERIALIZED). "
                + (initialized
                    ? "Start MpiCollective before the library that initialized MPI, or let that library request this level."
                    : "Open MPI was built without threads."));
        (Rank, Size) = (Mpi.Rank(Mpi.World), Mpi.Size(Mpi.World));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => Abort(unhandled.ExceptionObject);
    }

    public OpenMpi Mpi { get; }

    public int Rank { get; }

    public int Size { get; }

    /// <summary>MPI, initialized by the first call.</summary>
    public static MpiWorld Start(MpiOptions options)
    {
        lock (s_gate)
        {
            // A thread is still in MPI_Init then, and nothing else can be asked of MPI.
            if (s_notStarted is not null)
                throw s_notStarted.Again();
            s_world ??= new MpiWorld(options);
            s_world.RequireNotFinalized();
            if (options.LibraryPath is { } path && path != s_world._path)
                throw new InvalidOperationException(
                    $"MPI was already loaded from {s_world._path ?? "the system's own location"}. "
                    + $"It cannot be loaded from {path} as well.");
            if (s_world.Size == 1 && !options.AllowOneRank)
                throw new CollectiveException(CollectiveError.OneRank, [0], MpiLaunch.NotLaunched);
            return s_world;
        }
    }

    /// <exception cref="InvalidOperationException">Whoever initialized MPI has finalized it.</exception>
    public void RequireNotFinalized()
    {
        if (Mpi.IsFinalized)
            throw new InvalidOperationException("MPI was finalized in this process. Finalize it only when the process ends.");
    }

    public void Add(MpiCollective group)
    {
        lock (_groups)
            _groups.Add(group);
    }

    /// <summary>Forgets a group that all ranks have left together.</summary>
    public void Remove(MpiCollective group)
    {
        lock (_groups)
            _groups.Remove(group);
    }

    /// <summary>Ends the job.</summary>
    /// <param name="text">What standard error gets.</param>
    /// <param name="failure">What the other ranks get; null where they know already.</param>
    /// <param name="exitCode">The code of the job.</param>
    public void EndJob(string text, CollectiveException? failure, int exitCode)
    {
        Console.Error.WriteLine(text);
        Console.Error.Flush();
        try
        {
            if (Mpi.IsFinalized)
                return;
            SayFarewell(failure);
        }
        catch (CollectiveException)
        {
            // MPI no longer works; the job ends anyway.
        }

        Mpi.Abort(exitCode);
    }

    /// <summary>Writes what nobody can catch to standard error.</summary>
    public void Tell(CollectiveException? failure)
    {
        if (failure is not null)
            Console.Error.WriteLine($"Rank {Rank} of {Size}: {failure.Message}");
    }

    /// <summary>Initializes MPI, which waits for all ranks to do so, and gives the thread level.</summary>
    /// <remarks>That wait cannot be ended, so a thread of its own is in it: where a rank does not come, until the process ends.</remarks>
    private int Initialize(TimeSpan timeout)
    {
        var level = 0;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                level = Mpi.Initialize();
            }
            catch (CollectiveException broken)
            {
                failure = broken;
            }
        })
        { IsBackground = true, Name = "EtfNet MPI_Init" };
        thread.Start();
        if (!thread.Join(timeout))
            throw s_notStarted = MpiLaunch.NotStarted(timeout);
        return failure is null ? level : throw failure;
    }

    /// <summary>Ends the job because of an exception, the other ranks with an error that names this one.</summary>
    private void Abort(object exception)
    {
        // What the group itself threw is known to the others.
        var own = exception is Exception and not CollectiveException ? RankFailure.Of(Rank, (Exception)exception) : null;
        EndJob($"Rank {Rank} of {Size} failed: {exception}", own, exitCode: 1);
    }

    private List<MpiCollective> Groups()
    {
        lock (_groups)
            return [.. _groups];
    }

    private void End()
    {
        try
        {
            if (Mpi.IsFinalized)
                return;
            foreach (var group in Groups())
                group.Dispose();
            // Finalizing waits for ranks that are in calls that never end. Without it, mpirun ends the job with an error.
            if (Groups().Count > 0)
                SayFarewell(failure: null);
            else if (_finalizes)
                Mpi.Finish();
        }
        catch (CollectiveException failure)
        {
            Tell(failure);
        }
    }

    /// <summary>Tells the other ranks that this one ends, and why, and gives them time to do the same.</summary>
    private void SayFarewell(CollectiveException? failure)
    {
        var groups = Groups();
        groups.ForEach(group => group.Abandon(failure));
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < s_farewell && groups.Exists(group => !group.IsAlone()))
            Thread.Sleep(2);
    }
}
