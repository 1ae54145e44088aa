namespace EtfNet.Tests.Distributed;

/// <summary>This assembly as one rank of a job that a test starts by mpirun: <c>mpi-rank CASE</c>.</summary>
internal static class MpiRank
{
    public const string Name = "mpi-rank";

    /// <summary>The exit code of a rank that caught the error of the group.</summary>
    public const int Failed = 7;

    private static readonly Dictionary<string, Action> s_cases = new()
    {
        ["calls"] = MpiCases.Calls,
        ["forgets"] = MpiCases.ForgetsToDispose,
        ["throws"] = MpiCases.Throws,
        ["leaves"] = MpiCases.LeavesEarly,
        ["differs"] = MpiCases.Differs,
        ["slow"] = MpiCases.Slow,
        ["killed"] = MpiCases.Killed,
        ["aborts"] = MpiCases.Aborts,
        ["absent"] = MpiCases.Absent,
        ["one"] = MpiCases.One,
        ["starts-late"] = MpiCases.StartsLate,
        ["foreign-one-thread"] = ForeignMpi.OneThread,
        ["foreign-many-threads"] = ForeignMpi.ManyThreads,
        ["alone"] = MpiCases.Alone,
        ["unloaded"] = MpiCases.Unloaded,
        ["reduces"] = MpiCases.Reduces,
        ["fixes"] = MpiTraining.Fixes,
        ["fixes-killed"] = MpiTraining.IsKilled,
    };

    public static int Run(string name)
    {
        try
        {
            s_cases[name]();
            return 0;
        }
        catch (CollectiveException failure) when (name is not "throws")
        {
            Console.WriteLine($"{failure.Error} [{string.Join(' ', failure.Ranks)}] {failure.Message}");
            return Failed;
        }
    }
}
