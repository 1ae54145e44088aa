using System.CommandLine;
using System.CommandLine.Parsing;

namespace EtfNet.Samples;

/// <summary>Runs a program's commands and turns what goes wrong into one line on the error stream and an exit code.</summary>
public static class SampleHost
{
    private static readonly Option<bool> s_releaseMemory = OptionFactory.Flag(
        "--release-memory", "Give freed memory back to the system at once: less memory, slower with large tensors (Linux)");

    public static int Run(RootCommand root, string[] args, TextWriter output, TextWriter error)
    {
        root.Directives.Add(new DiagramDirective());
        root.Options.Add(s_releaseMemory);
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
            return Fail((parsed.Errors.FirstOrDefault(wrong => wrong.SymbolResult is OptionResult) ?? parsed.Errors[0]).Message);
        if (!parsed.GetValue(s_releaseMemory))
            TorchMemory.KeepLargeBlocks();
        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (SampleException exception)
        {
            return Fail(exception.Message);
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("stopped; what finished epochs wrote is kept.");
            return ExitCode.Stopped;
        }

        int Fail(string message)
        {
            error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
            return ExitCode.BadInput;
        }
    }
}
