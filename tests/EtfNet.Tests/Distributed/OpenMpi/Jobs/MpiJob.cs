using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using EtfNet.Tests.Support;

namespace EtfNet.Tests.Distributed;

/// <summary>A job of this assembly's ranks, started by mpirun.</summary>
/// <param name="ExitCode">What mpirun gave.</param>
/// <param name="Ranks">What each rank wrote to standard output and standard error.</param>
/// <param name="Text">All of it, with what mpirun wrote.</param>
internal sealed partial record MpiJob(int ExitCode, IReadOnlyList<string> Ranks, string Text)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private static readonly Lazy<string?> s_missing = new(FindMissing);

    /// <summary>Why no job can be started; null where one can.</summary>
    public static string? Missing => s_missing.Value;

    /// <summary>Starts a job and waits for its end.</summary>
    /// <param name="ranks">How many ranks.</param>
    /// <param name="name">What they do, of <see cref="MpiRank"/>.</param>
    /// <param name="options">Further options of mpirun.</param>
    public static MpiJob Run(int ranks, string name, params string[] options)
    {
        var (host, arguments) = ThisProgram.Command(MpiRank.Name, name);
        string[] all = ["--oversubscribe", "--bind-to", "none", "--tag-output", "-np", $"{ranks}", .. options, host, .. arguments];
        var (code, text) = Run("mpirun", all);
        return new MpiJob(code, [.. Enumerable.Range(0, ranks).Select(rank => Of(rank, text))], text);
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Text) Run(string program, IEnumerable<string> arguments)
    {
        var information = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        information.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
        information.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        information.Environment["OMP_NUM_THREADS"] = "1";
        information.Environment["TERM"] = "dumb";
        using var process = Process.Start(information)!;
        var text = new StringBuilder();
        var read = Task.WhenAll(Read(process.StandardOutput, text), Read(process.StandardError, text));
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end. It wrote: {text}");
        }

        read.Wait(s_limit);
        return (process.ExitCode, text.ToString());
    }

    private static async Task Read(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync() is { } line)
            lock (text)
                text.AppendLine(line);
    }

    /// <summary>What mpirun has tagged as a rank's, tags in the middle of a line included.</summary>
    private static string Of(int rank, string text)
    {
        var tags = Tag().Matches(text);
        return string.Concat(tags.Select((tag, index) => tag.Groups[1].Value == $"{rank}"
            ? text[(tag.Index + tag.Length)..(index + 1 < tags.Count ? tags[index + 1].Index : text.Length)]
            : ""));
    }

    private static string? FindMissing()
    {
        try
        {
            return Run("mpirun", ["--version"]).Text is var version && version.Contains("Open MPI", StringComparison.Ordinal)
                ? null
                : $"mpirun is not Open MPI's: {version.Split('\n')[0]}";
        }
        catch (Win32Exception)
        {
            return "There is no mpirun (Debian, Ubuntu: apt install openmpi-bin).";
        }
    }

    [GeneratedRegex(@"\[[^\]\s]*,(\d+)\]<(?:stdout|stderr)>: ?")]
    private static partial Regex Tag();
}
