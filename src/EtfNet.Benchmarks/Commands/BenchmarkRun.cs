using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace EtfNet.Benchmarks.Commands;

/// <summary>What is no command of this program goes to BenchmarkDotNet, with its own options.</summary>
internal static class BenchmarkRun
{
    /// <summary>Enough for a median of work of microseconds to seconds; hundreds of cases stay a matter of minutes.</summary>
    private static readonly TimeInterval s_sample = TimeInterval.FromMilliseconds(150);

    private const int WidestShape = 40;

    /// <returns>0; 1 if a benchmark failed.</returns>
    public static int Run(string[] args)
    {
        // In this very process: a project that BenchmarkDotNet generates would not go through this repository's build steps.
        var inThisProcess = Job.Default
            .WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(30), logOutput: true))
            .WithEngineFactory(new SynchronizedEngineFactory())
            .WithIterationTime(s_sample)
            .AsMutator();
        var config = DefaultConfig.Instance.AddJob(inThisProcess).AddExporter(JsonExporter.Full)
            .AddDiagnoser(MemoryDiagnoser.Default, new SubjectColumns())
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(WidestShape));
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(BenchmarkRun).Assembly).Run(Arguments(args), config);
        return summaries.SelectMany(summary => summary.Reports).All(report => report.Success) ? 0 : 1;
    }

    /// <summary>Short runs unless another job is asked for.</summary>
    internal static string[] Arguments(string[] args) => args.Intersect(["--job", "-j"]).Any() ? args : [.. args, "--job", "short"];
}
