using EtfNet.Tests.Support;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels;

/// <summary>This program asking for memory to be kept, as nothing undoes that in a process: <c>memory-probe keep|leave|train</c>.</summary>
internal static class MemoryProbe
{
    public const string Name = "memory-probe";

    /// <summary>
    /// What it gives where large blocks come from the heap, and where each is mapped on its own; 1 where the call said otherwise.
    /// </summary>
    public const int OnTheHeap = 11, Mapped = 12;

    /// <summary>What it gives where a training left little free memory on the heap, and where it left much.</summary>
    public const int Compact = 13, Scattered = 14;

    public static int Run(string what)
    {
        if (what == "keep" && TorchMemory.KeepLargeBlocks() != NativeHeap.IsGlibc)
            return 1;
        if (what == "train")
            return Train();
        using var large = ones(64 << 20);
        return NativeHeap.Mapped() > 200 << 20 ? Mapped : OnTheHeap;
    }

    /// <summary>Steps of an optimizer over weights of 4 MiB.</summary>
    private static int Train()
    {
        TorchMemory.KeepLargeBlocks();
        using var model = nn.Sequential([.. Enumerable.Range(0, 6).Select(i => ($"{i}", (nn.Module<Tensor, Tensor>)nn.Linear(1024, 1024)))]);
        using var optimizer = optim.SGD(model.parameters(), 0.01, momentum: 0.9, weight_decay: 1e-4);
        for (var step = 0; step < 60; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(ones(8, 1024)).sum().backward();
            optimizer.step();
        }

        return NativeHeap.Free() < 200 << 20 ? Compact : Scattered;
    }
}
