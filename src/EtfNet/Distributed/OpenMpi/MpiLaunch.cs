namespace EtfNet;

/// <summary>How the process was started.</summary>
internal static class MpiLaunch
{
    /// <summary>What Open MPI's mpirun, or Slurm's srun, gives to the processes that it starts.</summary>
    private static readonly string[] s_variables = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"];

    public const string NotLaunched =
        "There is only one rank. Start the program with Open MPI's own mpirun, for example: mpirun -np 2 dotnet run -c Release. "
        + "MpiOptions.AllowOneRank allows a program to run alone.";

    /// <summary>
    /// Whether a launcher of MPI programs started the process. Without one, MPI_Init starts programs of its own, so it is not called.
    /// </summary>
    public static bool IsLaunched => s_variables.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    /// <summary>The error of a rank that started alone.</summary>
    public static CollectiveException NotStarted(TimeSpan timeout) => new(
        CollectiveError.Timeout, [],
        FormattableString.Invariant($"{Self()} waited {timeout.TotalSeconds:0.###} s for the other ranks to start. ")
        + "All processes that mpirun started must call MpiCollective.Start, and within that time of each other.");

    private static string Self() =>
        Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") is { Length: > 0 } rank ? $"Rank {rank}" : "A rank";
}
