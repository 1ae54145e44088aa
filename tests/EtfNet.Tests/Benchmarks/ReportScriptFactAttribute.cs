using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

/// <summary>A fact that needs a Python, without any package; elsewhere it is skipped, and the reason says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReportScriptFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_hasPython = new(() =>
    {
        try
        {
            return Run("-c", "import argparse").Code == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    });

    public ReportScriptFactAttribute() => Skip = s_hasPython.Value ? null : "there is no python3 here";

    /// <summary>Runs Python to its end.</summary>
    public static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
