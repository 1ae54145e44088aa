namespace EtfNet;

/// <summary>How the process was started.</summary>
internal static class MpiLaunch
{
    /// <summary>What Open MPI's mpirun, or Slurm's srun, gives to the processes that it starts.</summary>
    private static readonly string[] s_variables = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"];

    public const string NotLaunched =
        "There is only one rank. Start the program by Open MPI's own mpirun, say: mpirun -np 2 dotnet run -c Release. "
        + "MpiOptions.AllowOneRank allows a program to run alone.";

    /// <summary>Whether a launcher of MPI programs started it. Initializing MPI without one starts further programs, so that is not tried.</summary>
    public static bool IsLaunched => s_variables.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));
}
