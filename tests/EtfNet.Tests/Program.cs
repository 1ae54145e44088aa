using EtfNet.Tests.Checkpoints;
using EtfNet.Tests.Depth.Cuts;
using EtfNet.Tests.Distributed;
using EtfNet.Tests.Fuzzing;
using EtfNet.Tests.Kernels;
using EtfNet.Tests.Kernels.Fuzzing;
using EtfNet.Tests.Programs;
using EtfNet.Tests.State;
using EtfNet.Tests.Support;

namespace EtfNet.Tests;

/// <summary>
/// This assembly as a program: what the crash test kills, the run that another process goes on with, what ends or asks for memory on its
/// own, a rank of an MPI job, the fuzz runs, and the tests themselves.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [SaveLoop.Name, var path] => SaveLoop.Run(path),
        [KilledTraining.Name, var path] => KilledTraining.Run(path),
        [KilledTraining.CommandName, var count] => KilledTraining.Command(count, Console.Out),
        [ResumedRun.Name, var checkpoint, var output] => ResumedRun.Run(checkpoint, output),
        [KernelsAtExit.Name, var how, var milliseconds] => KernelsAtExit.Run(how, milliseconds),
        [MemoryProbe.Name, var what] => MemoryProbe.Run(what),
        [KernelFuzzCommand.Name, .. var rest] => KernelFuzzCommand.Run(rest, Console.Out, Console.Error),
        [ResumedPrograms.Name, var programs, var output] => ResumedPrograms.Run(programs, output),
        [ServedCut.Name, var path, var output] => ServedCut.Run(path, output),
        [FuzzCommand.Name, .. var rest] => FuzzCommand.Run(rest, Console.Out, Console.Error),
        [MpiRank.Name, var name] => MpiRank.Run(name),
        [SelfRun.Name, .. var rest] => SelfRun.Run(rest, Console.Out),
        _ => 0,
    };
}
