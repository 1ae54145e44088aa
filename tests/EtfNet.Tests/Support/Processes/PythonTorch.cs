using System.ComponentModel;
using System.Diagnostics;

namespace EtfNet.Tests.Support;

/// <summary>A Python that has PyTorch, as Debian's python3-torch gives it; nothing is installed for the tests.</summary>
internal static class PythonTorch
{
    private static readonly string[] s_candidates = ["/usr/bin/python3", "python3", "python"];

    private static readonly Lazy<string?> s_python = new(() => Array.Find(s_candidates, HasTorch));

    /// <summary>Why there is none; null where there is one.</summary>
    public static string? Missing =>
        s_python.Value is null ? "there is no Python with PyTorch here (Debian: apt install python3-torch)" : null;

    /// <summary>Runs a script of the fixtures.</summary>
    /// <returns>What it printed.</returns>
    public static string Run(string script, params string[] arguments)
    {
        using var process = Start(s_python.Value!, [Path.Combine(AppContext.BaseDirectory, "Fixtures", script), .. arguments]);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Result : throw new InvalidOperationException($"{script} failed: {errors.Result}");
    }

    private static bool HasTorch(string python)
    {
        try
        {
            using var process = Start(python, ["-c", "import torch"]);
            _ = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static Process Start(string python, string[] arguments) =>
        Process.Start(new ProcessStartInfo(python, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["OMP_NUM_THREADS"] = "1" }
        })!;
}
