using System.Runtime.InteropServices;

namespace EtfNet.Samples;

/// <summary>What a program does with its arguments and its errors: one line on the error stream and exit code 2 for what a user can
/// mend.</summary>
public static class SampleProgram
{
    public const int Success = 0;
    public const int BadInput = 2;
    public const int Stopped = 130;

    /// <summary>Reads the options of a short program. From here on an error that a user can mend ends the program with one line.</summary>
    /// <param name="args">The arguments, such as <c>--epochs 5</c>; <c>--help</c> lists the options and ends the program.</param>
    /// <param name="defaults">One property per option, as in <c>new { Epochs = 8 }</c>. A number must be positive.</param>
    public static T Options<T>(string[] args, T defaults)
        where T : class
    {
        AppDomain.CurrentDomain.UnhandledException += (_, e) =>
        {
            if (Check.CanBeMended((Exception)e.ExceptionObject))
                Environment.Exit(Fail((Exception)e.ExceptionObject, Console.Error));
        };
        if (args.Contains("--help"))
            Environment.Exit(Screen.Standard.Show(Settings.Help(defaults)));
        return Settings.Read(args, typeof(T)).WithoutWords().Bind(defaults);
    }

    /// <summary>Runs a program to its exit code. The first Ctrl+C (or request to terminate) asks it to stop, the second ends it.</summary>
    public static int Run(TextWriter error, Func<CancellationToken, int> program)
    {
        using var source = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return program(source.Token);
        }
        catch (Exception exception) when (Check.CanBeMended(exception) || exception is OperationCanceledException)
        {
            return Fail(exception, error);
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = !source.IsCancellationRequested;
            source.Cancel();
        }
    }

    private static int Fail(Exception error, TextWriter output)
    {
        var isStop = error is OperationCanceledException;
        var parameter = error is ArgumentException { ParamName: { } name } ? $"{name}: " : "";
        output.WriteLine(isStop ? "stopped; finished epochs and runs are kept." : $"error: {parameter}{Check.Line(error)}");
        return isStop ? Stopped : BadInput;
    }
}
