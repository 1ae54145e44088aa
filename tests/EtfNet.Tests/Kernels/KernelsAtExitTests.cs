using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed class KernelsAtExitTests
{
    [Theory]
    [InlineData("return"), InlineData("exit")]
    public void Process_EndsWhileKernelsRun_EndsWithItsOwnCode(string how)
    {
        for (var run = 0; run < 3; run++)
        {
            using var process = ThisProgram.Start(KernelsAtExit.Name, how, $"{300 + 37 * run}");
            process.WaitForExit(60_000).Should().BeTrue("it does not hang");
            process.ExitCode.Should().Be(KernelsAtExit.Code, "it does not crash");
        }
    }
}
