using EtfNet.Benchmarks.Commands;
using EtfNet.Benchmarks.Ratios;
using EtfNet.Benchmarks.Setup;

// Commands measure side by side, by alternating; what is no command goes to BenchmarkDotNet.
try
{
    return args switch
    {
        ["ratios", .. var rest] => RatioCommand.Run(rest, Console.Out, Console.Error),
        ["growth", .. var rest] => GrowthCommand.Run(rest, Console.Out),
        ["peers", .. var rest] => PeersCommand.Run(rest, Console.Out),
        ["report", .. var rest] => ReportCommand.Run(rest, Console.Out, Console.Error),
        _ => BenchmarkRun.Run(args),
    };
}
catch (OptionException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
