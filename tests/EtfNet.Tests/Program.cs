using EtfNet.Tests.Checkpoints;
using EtfNet.Tests.Distributed;
using EtfNet.Tests.Fuzzing;
using EtfNet.Tests.Programs;
using EtfNet.Tests.State;
using EtfNet.Tests.Support;

namespace EtfNet.Tests;

/// <summary>This assembly as a program: what the crash test kills, the run that another process goes on with, a rank of an MPI job, the fuzz run, and the tests themselves.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [SaveLoop.Name, var path] => SaveLoop.Run(path),
        [KilledTraining.Name, var path] => KilledTraining.Run(path),
        [KilledTraining.CommandName, var count] => KilledTraining.Command(count, Console.Out),
        [ResumedRun.Name, var checkpoint, var output] => ResumedRun.Run(checkpoint, output),
        [ResumedPrograms.Name, var programs, var output] => ResumedPrograms.Run(programs, output),
        [FuzzCommand.Name, .. var rest] => FuzzCommand.Run(rest, Console.Out, Console.Error),
        [MpiRank.Name, var name] => MpiRank.Run(name),
        [SelfRun.Name, .. var rest] => SelfRun.Run(rest, Console.Out),
        _ => 0,
    };
}
