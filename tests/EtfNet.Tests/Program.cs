using EtfNet.Tests.Checkpoints;
using EtfNet.Tests.Fuzzing;

namespace EtfNet.Tests;

/// <summary>This assembly as a program: what the crash test kills, and the fuzz run.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [SaveLoop.Name, var path] => SaveLoop.Run(path),
        [FuzzCommand.Name, .. var rest] => FuzzCommand.Run(rest, Console.Out, Console.Error),
        _ => 0,
    };
}
