using EtfNet;
using EtfNet.Benchmarks.Commands;

// Before the first tensor: else each large one costs page faults, on both sides of what is compared.
if (!args.Contains(BenchmarkProgram.ReleaseMemory))
    TorchMemory.KeepLargeBlocks();

return BenchmarkProgram.Run(args, Console.Out, Console.Error);
