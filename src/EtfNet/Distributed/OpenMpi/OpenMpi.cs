using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Open MPI's C interface as far as it is used: one call at a time, whatever the thread; every error code becomes an exception.</summary>
internal sealed unsafe class OpenMpi
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    public const int Serialized = 2;

    private const int AnySource = -1;
    private const int ErrorLength = 512;

    private readonly Lock _gate = new();
    private readonly nint _library;
    private readonly delegate* unmanaged[Cdecl]<nint*, int*, MpiStatus*, int> _test;
    private readonly delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int> _iprobe;

    /// <exception cref="CollectiveException">There is no MPI library, or it is not Open MPI.</exception>
    public OpenMpi(string? path)
    {
        _library = LibraryLoader.Load(path, MpiSymbols.All);
        Version = LibraryLoader.Version(_library)!.Split(',')[0];
        _test = (delegate* unmanaged[Cdecl]<nint*, int*, MpiStatus*, int>)Address("MPI_Test");
        _iprobe = (delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int>)Address("MPI_Iprobe");
        (World, Float, Double, Byte) = (Address(MpiSymbols.World), Address(MpiSymbols.Float), Address(MpiSymbols.Double), Address(MpiSymbols.Byte));
        (Int64, SumOf, MaxOf) = (Address(MpiSymbols.Int64), Address(MpiSymbols.Sum), Address(MpiSymbols.Max));
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

    public bool IsInitialized => Flag("MPI_Initialized");

    public bool IsFinalized => Flag("MPI_Finalized");

    /// <summary>The thread level of an MPI that is initialized already.</summary>
    public int ThreadLevel => Number("MPI_Query_thread");

    /// <summary>Initializes MPI, which ends the process where it cannot.</summary>
    /// <returns>The thread level that it gives.</returns>
    public int Initialize()
    {
        int provided;
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)Address("MPI_Init_thread"))(0, 0, Serialized, &provided), "MPI_Init_thread");
        return provided;
    }

    public void Finish()
    {
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<int>)Address("MPI_Finalize"))(), "MPI_Finalize");
    }

    /// <summary>Ends all processes of the job. Waits only a moment for a thread that is in MPI, then calls all the same.</summary>
    public void Abort(int code)
    {
        _gate.TryEnter(TimeSpan.FromSeconds(1));
        _ = ((delegate* unmanaged[Cdecl]<nint, int, int>)Address("MPI_Abort"))(World, code);
    }

    public int Rank(nint communicator) => Number("MPI_Comm_rank", communicator);

    public int Size(nint communicator) => Number("MPI_Comm_size", communicator);

    /// <summary>Makes errors on a communicator come back as codes instead of ending the process.</summary>
    public void ReturnErrors(nint communicator)
    {
        lock (_gate)
            Check(
                ((delegate* unmanaged[Cdecl]<nint, nint, int>)Address("MPI_Comm_set_errhandler"))(communicator, Address(MpiSymbols.ErrorsReturn)),
                "MPI_Comm_set_errhandler");
    }

    /// <summary>Begins to copy a communicator.</summary>
    /// <param name="communicator">The communicator.</param>
    /// <param name="copy">Where MPI writes the copy, until the request is done.</param>
    public nint Duplicate(nint communicator, nint* copy)
    {
        nint request;
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<nint, nint*, nint*, int>)Address("MPI_Comm_idup"))(communicator, copy, &request), "MPI_Comm_idup");
        return request;
    }

    public void Free(nint communicator)
    {
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<nint*, int>)Address("MPI_Comm_free"))(&communicator), "MPI_Comm_free");
    }

    /// <summary>Begins to replace values by what they are over all ranks.</summary>
    /// <param name="memory">The values, in place.</param>
    /// <param name="count">How many.</param>
    /// <param name="type">Of which MPI type.</param>
    /// <param name="operation">What is done with them.</param>
    /// <param name="communicator">Among whom.</param>
    public nint AllReduce(nint memory, int count, nint type, nint operation, nint communicator)
    {
        const nint InPlace = 1;
        nint request;
        lock (_gate)
            Check(
                ((delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint*, int>)Address("MPI_Iallreduce"))(
                    InPlace, memory, count, type, operation, communicator, &request),
                "MPI_Iallreduce");
        return request;
    }

    /// <summary>Begins to gather bytes of each rank on all of them.</summary>
    public nint AllGather(nint source, nint target, int bytes, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(
                ((delegate* unmanaged[Cdecl]<nint, int, nint, nint, int, nint, nint, nint*, int>)Address("MPI_Iallgather"))(
                    source, bytes, Byte, target, bytes, Byte, communicator, &request),
                "MPI_Iallgather");
        return request;
    }

    public nint Broadcast(nint memory, int bytes, int root, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint*, int>)Address("MPI_Ibcast"))(memory, bytes, Byte, root, communicator, &request), "MPI_Ibcast");
        return request;
    }

    public nint Send(nint memory, int bytes, int target, nint communicator)
    {
        nint request;
        lock (_gate)
            Check(
                ((delegate* unmanaged[Cdecl]<nint, int, nint, int, int, nint, nint*, int>)Address("MPI_Isend"))(memory, bytes, Byte, target, 0, communicator, &request),
                "MPI_Isend");
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
            Check(_iprobe(AnySource, 0, communicator, &there, &status), "MPI_Iprobe");
            if (there == 0)
                return false;
            source = status.Source;
            Check(((delegate* unmanaged[Cdecl]<MpiStatus*, nint, int*, int>)Address("MPI_Get_count"))(&status, Byte, &length), "MPI_Get_count");
            message = new byte[length];
            fixed (byte* memory = message)
                Check(
                    ((delegate* unmanaged[Cdecl]<byte*, int, nint, int, int, nint, MpiStatus*, int>)Address("MPI_Recv"))(
                        memory, length, Byte, source, 0, communicator, &status),
                    "MPI_Recv");
        }

        return true;
    }

    /// <summary>Whether a request is done; lets MPI work on.</summary>
    public bool Test(ref nint request)
    {
        int done;
        fixed (nint* handle = &request)
            lock (_gate)
                Check(_test(handle, &done, null), "MPI_Test");
        return done != 0;
    }

    private bool Flag(string function) => Number(function) != 0;

    private int Number(string function)
    {
        int number;
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<int*, int>)Address(function))(&number), function);
        return number;
    }

    private int Number(string function, nint communicator)
    {
        int number;
        lock (_gate)
            Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Address(function))(communicator, &number), function);
        return number;
    }

    private nint Address(string symbol) => NativeLibrary.GetExport(_library, symbol);

    private void Check(int code, string function)
    {
        if (code == 0)
            return;
        var text = stackalloc byte[ErrorLength];
        int length;
        var known = ((delegate* unmanaged[Cdecl]<int, byte*, int*, int>)Address("MPI_Error_string"))(code, text, &length) == 0;
        throw new CollectiveException(
            CollectiveError.Transport, [],
            $"{function} failed: {(known ? Marshal.PtrToStringUTF8((nint)text, length) : FormattableString.Invariant($"error {code}"))}.");
    }
}
