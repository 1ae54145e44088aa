using EtfNet.Samples;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Options;

public sealed class SampleProgramTests
{
    public static TheoryData<Exception, int, string> Errors => new()
    {
        { new SampleException("the file is damaged."), SampleProgram.BadInput, "error: the file is damaged." },
        { new ArgumentException("Must lie in (0, 1).", "Epsilon"), SampleProgram.BadInput, "error: Epsilon: Must lie in (0, 1)." },
        { new IOException("No space left\non device."), SampleProgram.BadInput, "error: No space left on device." },
        { new OperationCanceledException(), SampleProgram.Stopped, "stopped; finished epochs and runs are kept." },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Run_ErrorThatAUserCanFix_IsOneLineAndAnExitCode(Exception error, int code, string line)
    {
        using var output = new StringWriter();

        SampleProgram.Run(output, _ => throw error).Should().Be(code);

        output.ToString().Should().Be(line + Environment.NewLine);
    }

    [Fact]
    public void Run_ErrorOfTheProgram_IsThrown() =>
        FluentActions.Invoking(() => SampleProgram.Run(TextWriter.Null, _ => throw new KeyNotFoundException())).Should()
            .Throw<KeyNotFoundException>();
}
