using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels.Fuzzing;

public sealed class KernelFuzzTests
{
    [Fact]
    public void Kernels_RandomShapesAndStrides_AreWhatOperationsGive()
    {
        for (var seed = 0; seed < 1500; seed++)
            KernelFuzz.Try(seed).Should().BeNull();
    }

    [Fact]
    public void Command_UnknownArgument_NamesIt()
    {
        using var error = new StringWriter();
        KernelFuzzCommand.Run(["--only"], TextWriter.Null, error).Should().Be(2);
        error.ToString().Should().Contain("--only");
    }
}
