using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The functions of MPI's C interface, as Open MPI declares them: every handle is an address.</summary>
internal sealed unsafe class MpiFunctions
{
    public readonly delegate* unmanaged[Cdecl]<nint, nint, int, int*, int> InitThread;
    public readonly delegate* unmanaged[Cdecl]<int*, int> Initialized;
    public readonly delegate* unmanaged[Cdecl]<int*, int> Finalized;
    public readonly delegate* unmanaged[Cdecl]<int*, int> QueryThread;
    public readonly delegate* unmanaged[Cdecl]<int> Finish;
    public readonly delegate* unmanaged[Cdecl]<nint, int, int> Abort;
    public readonly delegate* unmanaged[Cdecl]<int, byte*, int*, int> ErrorString;
    public readonly delegate* unmanaged[Cdecl]<nint, int*, int> CommRank;
    public readonly delegate* unmanaged[Cdecl]<nint, int*, int> CommSize;
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, nint*, int> CommIdup;
    public readonly delegate* unmanaged[Cdecl]<nint*, int> CommFree;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, int> CommSetErrorHandler;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint*, int> Iallreduce;
    public readonly delegate* unmanaged[Cdecl]<nint, int, nint, nint, int, nint, nint, nint*, int> Iallgather;
    public readonly delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint*, int> Ibcast;
    public readonly delegate* unmanaged[Cdecl]<nint*, int*, MpiStatus*, int> Test;
    public readonly delegate* unmanaged[Cdecl]<nint, int, nint, int, int, nint, nint*, int> Isend;
    public readonly delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int> Iprobe;
    public readonly delegate* unmanaged[Cdecl]<nint, int, nint, int, int, nint, MpiStatus*, int> Recv;
    public readonly delegate* unmanaged[Cdecl]<MpiStatus*, nint, int*, int> GetCount;

    public MpiFunctions(nint library)
    {
        InitThread = (delegate* unmanaged[Cdecl]<nint, nint, int, int*, int>)Address("MPI_Init_thread");
        Initialized = (delegate* unmanaged[Cdecl]<int*, int>)Address("MPI_Initialized");
        Finalized = (delegate* unmanaged[Cdecl]<int*, int>)Address("MPI_Finalized");
        QueryThread = (delegate* unmanaged[Cdecl]<int*, int>)Address("MPI_Query_thread");
        Finish = (delegate* unmanaged[Cdecl]<int>)Address("MPI_Finalize");
        Abort = (delegate* unmanaged[Cdecl]<nint, int, int>)Address("MPI_Abort");
        ErrorString = (delegate* unmanaged[Cdecl]<int, byte*, int*, int>)Address("MPI_Error_string");
        CommRank = (delegate* unmanaged[Cdecl]<nint, int*, int>)Address("MPI_Comm_rank");
        CommSize = (delegate* unmanaged[Cdecl]<nint, int*, int>)Address("MPI_Comm_size");
        CommIdup = (delegate* unmanaged[Cdecl]<nint, nint*, nint*, int>)Address("MPI_Comm_idup");
        CommFree = (delegate* unmanaged[Cdecl]<nint*, int>)Address("MPI_Comm_free");
        CommSetErrorHandler = (delegate* unmanaged[Cdecl]<nint, nint, int>)Address("MPI_Comm_set_errhandler");
        Iallreduce = (delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint*, int>)Address("MPI_Iallreduce");
        Iallgather = (delegate* unmanaged[Cdecl]<nint, int, nint, nint, int, nint, nint, nint*, int>)Address("MPI_Iallgather");
        Ibcast = (delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint*, int>)Address("MPI_Ibcast");
        Test = (delegate* unmanaged[Cdecl]<nint*, int*, MpiStatus*, int>)Address("MPI_Test");
        Isend = (delegate* unmanaged[Cdecl]<nint, int, nint, int, int, nint, nint*, int>)Address("MPI_Isend");
        Iprobe = (delegate* unmanaged[Cdecl]<int, int, nint, int*, MpiStatus*, int>)Address("MPI_Iprobe");
        Recv = (delegate* unmanaged[Cdecl]<nint, int, nint, int, int, nint, MpiStatus*, int>)Address("MPI_Recv");
        GetCount = (delegate* unmanaged[Cdecl]<MpiStatus*, nint, int*, int>)Address("MPI_Get_count");

        nint Address(string symbol) => NativeLibrary.GetExport(library, symbol);
    }
}
