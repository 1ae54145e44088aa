using EtfNet;
using EtfNet.Benchmarks.Commands;
using EtfNet.Benchmarks.Ratios;
using EtfNet.Benchmarks.Setup;

// Before the first tensor: else each large one costs page faults, on both sides of what is compared.
var options = new Options(args);
if (!options.TakeFlag("--release-memory"))
    TorchMemory.KeepLargeBlocks();

// Commands measure side by side, by alternating; what is no command goes to BenchmarkDotNet.
try
{
    return options.Left switch
    {
        ["ratios", .. var rest] => RatioCommand.Run(rest, Console.Out, Console.Error),
        ["growth", .. var rest] => GrowthCommand.Run(rest, Console.Out),
        ["peers", .. var rest] => PeersCommand.Run(rest, Console.Out),
        ["report", .. var rest] => ReportCommand.Run(rest, Console.Out, Console.Error),
        var rest => BenchmarkRun.Run(rest),
    };
}
catch (OptionException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
