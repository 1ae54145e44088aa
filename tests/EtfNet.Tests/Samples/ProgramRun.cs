using EtfNet.Samples;
using FluentAssertions;
using Spectre.Console;

namespace EtfNet.Tests.Samples;

/// <summary>Runs a sample's commands as the process would, and keeps what it writes.</summary>
internal sealed class ProgramRun(Func<string[], IAnsiConsole, TextWriter, int> program) : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public int Run(string arguments)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(_output),
        });
        return program(arguments.Split(' '), console, _error);
    }

    /// <summary>Expects exit code 2, one line on the error stream, which is returned, and nothing in the output folder.</summary>
    public string Fails(string arguments, string outputFolder)
    {
        Run(arguments).Should().Be(ExitCode.BadInput);
        var line = Error;
        line.Should().StartWith("error: ").And.EndWith(Environment.NewLine);
        line.TrimEnd().Should().NotContain("\n").And.NotContain("   at ");
        if (Directory.Exists(outputFolder))
            Directory.EnumerateFileSystemEntries(outputFolder).Should().BeEmpty();
        return line;
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }
}
