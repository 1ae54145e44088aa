using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using EtfNet.Benchmarks.Ratios;

// "ratios" measures work against its reference side by side; anything else goes to BenchmarkDotNet, in this very process, because a project that
// BenchmarkDotNet generates would not go through this repository's build steps.
if (args is ["ratios", .. var rest])
    return RatioCommand.Run(rest, Console.Out, Console.Error);

var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(RatioCommand).Assembly).Run(args, config);
return 0;
