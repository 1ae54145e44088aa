using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Open MPI as far as it is used: one call at a time, whatever the thread; every error code becomes an exception.</summary>
internal sealed unsafe class OpenMpi
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    public const int Serialized = 2;

    private const int AnySource = -1;
    private const int Tag = 0;
    private const int ErrorLength = 512;

    private readonly Lock _gate = new();
    private readonly nint _library;
    private readonly nint _errorsReturn;
    private readonly MpiFunctions _mpi;

    /// <exception cref="CollectiveException">There is no MPI library, or it is not Open MPI.</exception>
    public OpenMpi(string? path)
    {
        _library = LibraryLoader.Load(path, MpiSymbols.All);
        _mpi = new MpiFunctions(_library);
        Version = LibraryLoader.Version(_library)!.Split(',')[0];
        (World, _errorsReturn) = (Handle(MpiSymbols.World), Handle(MpiSymbols.ErrorsReturn));
        (Float, Double) = (Handle(MpiSymbols.Float), Handle(MpiSymbols.Double));
        (Byte, Int64) = (Handle(MpiSymbols.Byte), Handle(MpiSymbols.Int64));
        (SumOf, MaxOf) = (Handle(MpiSymbols.Sum), Handle(MpiSymbols.Max));
    }

    public string Version { get; }

    /// <summary>MPI_COMM_WORLD.</summary>
    public nint World { get; }

    public nint Float { get; }

    public nint Double { get; }

    public nint Byte { get; }

    public nint Int64 { get; }

    public nint SumOf { get; }

    public nint MaxOf { get; }

    public bool IsInitialized => Number(_mpi.Initialized, "MPI_Initialized") != 0;

    public bool IsFinalized => Number(_mpi.Finalized, "MPI_Finalized") != 0;

    /// <summary>The thread level of an MPI that is initialized already.</summary>
    public int ThreadLevel => Number(_mpi.QueryThread, "MPI_Query_thread");

    /// <summary>Initializes MPI, which ends the process where it cannot.</summary>
    /// <returns>The thread level that it gives.</returns>
    public int Initialize()
    {
        int provided;
        lock (_gate)
            Check(_mpi.InitThread(0, 0, Serialized, &provided), "MPI_Init_thread");
        return provided;
    }

    public void Finish()
    {
        lock (_gate)
            Check(_mpi.Finish(), "MPI_Finalize");
    }

    /// <summary>Ends all processes of the job. Waits only a moment for a thread that is in MPI, then calls all the same.</summary>
    public void Abort(int code)
    {
        _gate.TryEnter(TimeSpan.FromSeconds(1));
        _ = _mpi.Abort(World, code);
    }

    public int Rank(nint communicator) => Number(_mpi.CommRank, communicator, "MPI_Comm_rank");

    public int Size(nint communicator) => Number(_mpi.CommSize, communicator, "MPI_Comm_size");

    /// <summary>Makes errors on a communicator come back as codes instead of ending the process.</summary>
    public void ReturnErrors(nint communicator)
    {
        lock (_gate)
            Check(_mpi.CommSetErrorHandler(communicator, _errorsReturn), "MPI_Comm_set_errhandler");
    }

    /// <summary>Begins to copy a communicator.</summary>
    /// <param name="communicator">The communicator.</param>
    /// <param name="copy">Where MPI writes the copy, until the request is done.</param>
    public nint Duplicate(nint communicator, nint* copy)
    {
        nint request;
        lock (_gate)
            Check(_mpi.CommIdup(communicator, copy, &request), "MPI_Comm_idup");
        return request;
    }

    public void Free(nint communicator)
    {
        lock (_gate)
            Check(_mpi.CommFree(&communicator), "MPI_Comm_free");
    }

    /// <summary>Begins to reduce values over all ranks, in place.</summary>
    /// <param name="memory">The values.</param>
    /// <param name="count">Their number.</param>
    /// <param name="type">Their MPI type.</param>
    /// <param name="operation">The MPI operation that combines them.</param>
    /// <param name="communicator">The ranks.</param>
    public nint AllReduce(nint memory, int count, nint type, nint operation, nint communicator)
    {
        const nint InPlace = 1;
        nint request;
        lock (_gate)
            Check(_mpi.Iallreduce(InPlace, memory, count, type, operation, communicator, &request), "MPI_Iallreduce");
        return request;
    }

    /// <summary>Begins to gather bytes of each rank on all of them.</summary>
    public nint AllGather(nint source, nint target, int bytes, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(_mpi.Iallgather(source, bytes, Byte, target, bytes, Byte, communicator, &request), "MPI_Iallgather");
        return request;
    }

    public nint Broadcast(nint memory, int bytes, int root, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(_mpi.Ibcast(memory, bytes, Byte, root, communicator, &request), "MPI_Ibcast");
        return request;
    }

    public nint Send(nint memory, int bytes, int target, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(_mpi.Isend(memory, bytes, Byte, target, Tag, communicator, &request), "MPI_Isend");
        return request;
    }

    /// <summary>Receives a message, if one is there.</summary>
    public bool TryReceive(nint communicator, out int source, out byte[] message)
    {
        (source, message) = (-1, []);
        int there, length;
        MpiStatus status;
        lock (_gate)
        {
            Check(_mpi.Iprobe(AnySource, Tag, communicator, &there, &status), "MPI_Iprobe");
            if (there == 0)
                return false;
            source = status.Source;
            Check(_mpi.GetCount(&status, Byte, &length), "MPI_Get_count");
            message = new byte[length];
            fixed (byte* memory = message)
                Check(_mpi.Recv((nint)memory, length, Byte, source, Tag, communicator, &status), "MPI_Recv");
        }

        return true;
    }

    /// <summary>Whether a request is done; lets MPI work on.</summary>
    public bool Test(ref nint request)
    {
        int done;
        fixed (nint* handle = &request)
            lock (_gate)
                Check(_mpi.Test(handle, &done, null), "MPI_Test");
        return done != 0;
    }

    private int Number(delegate* unmanaged[Cdecl]<int*, int> function, string name)
    {
        int number;
        lock (_gate)
            Check(function(&number), name);
        return number;
    }

    private int Number(delegate* unmanaged[Cdecl]<nint, int*, int> function, nint communicator, string name)
    {
        int number;
        lock (_gate)
            Check(function(communicator, &number), name);
        return number;
    }

    private nint Handle(string symbol) => NativeLibrary.GetExport(_library, symbol);

    private void Check(int code, string function)
    {
        if (code == 0)
            return;
        var text = stackalloc byte[ErrorLength];
        int length;
        var isKnown = _mpi.ErrorString(code, text, &length) == 0;
        var words = isKnown ? Marshal.PtrToStringUTF8((nint)text, length) : FormattableString.Invariant($"error {code}");
        throw new CollectiveException(CollectiveError.Transport, [], $"{function} failed: {words}.");
    }
}
