using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using EtfNet.Benchmarks.Measuring;
using Perfolizer.Horology;

namespace EtfNet.Benchmarks.Setup;

/// <summary>What is no command of this program goes to BenchmarkDotNet, with its own options and this program's <c>--device</c> and
/// <c>--threads</c>.</summary>
internal static class BenchmarkRun
{
    /// <summary>Enough for a median of work of microseconds to seconds; hundreds of cases stay a matter of minutes.</summary>
    private static readonly TimeInterval s_sample = TimeInterval.FromMilliseconds(150);

    public static int Run(string[] args)
    {
        var options = new Options(args);
        RunSettings.Current = RunSettings.Take(options);
        // In this very process: a project that BenchmarkDotNet generates would not go through this repository's build steps.
        var inThisProcess = Job.Default
            .WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(30), logOutput: true))
            .WithEngineFactory(new SynchronizedEngineFactory())
            .WithIterationTime(s_sample)
            .AsMutator();
        var config = DefaultConfig.Instance.AddJob(inThisProcess).AddDiagnoser(MemoryDiagnoser.Default, new MemoryColumns()).AddColumn(CostColumn.All);
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkRun).Assembly).Run(Arguments(options.Left), config);
        return 0;
    }

    /// <summary>Short runs unless another job is asked for.</summary>
    internal static string[] Arguments(string[] args) => args.Intersect(["--job", "-j"]).Any() ? args : [.. args, "--job", "short"];
}
