using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels.Fuzzing;

public sealed class KernelFuzzTests
{
    [SeededProperty(1500)]
    public void Kernels_RandomShapesAndStrides_AreWhatOperationsGive(int seed) => KernelFuzz.Try(seed).Should().BeNull();

    [Fact]
    public void Command_UnknownArgument_NamesIt()
    {
        using var error = new StringWriter();
        KernelFuzzCommand.Run(["--only"], TextWriter.Null, error).Should().Be(2);
        error.ToString().Should().Contain("--only");
    }
}
