namespace EtfNet;

/// <summary>What is used of Open MPI: functions, and handles, which are the addresses of data symbols.</summary>
internal static class MpiSymbols
{
    public const string World = "ompi_mpi_comm_world";
    public const string Float = "ompi_mpi_float";
    public const string Double = "ompi_mpi_double";
    public const string Byte = "ompi_mpi_byte";
    public const string Int64 = "ompi_mpi_int64_t";
    public const string Sum = "ompi_mpi_op_sum";
    public const string Max = "ompi_mpi_op_max";
    public const string ErrorsReturn = "ompi_mpi_errors_return";

    public static IReadOnlyList<string> All { get; } =
    [
        World, Float, Double, Byte, Int64, Sum, Max, ErrorsReturn,
        "MPI_Init_thread", "MPI_Initialized", "MPI_Finalized", "MPI_Query_thread", "MPI_Finalize", "MPI_Abort", "MPI_Error_string",
        "MPI_Comm_rank", "MPI_Comm_size", "MPI_Comm_idup", "MPI_Comm_free", "MPI_Comm_set_errhandler",
        "MPI_Iallreduce", "MPI_Iallgather", "MPI_Ibcast", "MPI_Test", "MPI_Isend", "MPI_Iprobe", "MPI_Recv", "MPI_Get_count",
    ];
}
