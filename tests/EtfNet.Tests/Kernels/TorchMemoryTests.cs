using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed class TorchMemoryTests
{
    [Fact]
    public void KeepLargeBlocks_Asked_TakesThemFromTheHeapAndUnaskedNothingChanges()
    {
        Probe("keep").Should().Be(MemoryProbe.OnTheHeap);
        if (NativeHeap.IsGlibc)
            Probe("leave").Should().Be(MemoryProbe.Mapped, "the library does nothing unasked");
    }

    [Fact]
    public void KeepLargeBlocks_ManyStepsOfAnOptimizer_FindsThePlacesOfFreedTensorsAgain() =>
        Probe("train").Should().Be(MemoryProbe.Compact);

    private static int Probe(string what)
    {
        using var process = ThisProgram.Start(MemoryProbe.Name, what);
        process.WaitForExit();
        return process.ExitCode;
    }
}
