using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.PyTorch;

/// <summary>The script <c>peers/peers.py</c> in a child process, which times one sample whenever it is asked to, so that its work
/// alternates with ours.</summary>
internal sealed class PythonPeer : IDisposable
{
    private static readonly string[] s_candidates = ["python3", "/usr/bin/python3"];

    private readonly Process _process;

    private PythonPeer(Process process, JsonNode hello)
    {
        _process = process;
        Version = (string)hello["torch"]!;
        Description = string.Create(CultureInfo.InvariantCulture,
            $"PyTorch {Version}, Python {(string)hello["python"]!}, {(int)hello["threads"]!} threads, {(string)hello["device"]!}, linear algebra: {(string)hello["algebra"]!}");
    }

    /// <summary>PyTorch's version.</summary>
    public string Version { get; }

    /// <summary>In words, for a report.</summary>
    public string Description { get; }

    private static string Script => Path.Combine(AppContext.BaseDirectory, "peers", "peers.py");

    /// <summary>Starts a peer.</summary>
    /// <param name="python">The interpreter; null for the first one that has torch.</param>
    /// <param name="settings">Device and threads.</param>
    /// <param name="why">Why there is none, in one line.</param>
    public static PythonPeer? TryStart(string? python, RunSettings settings, out string why)
    {
        why = "";
        List<string> reasons = [];
        foreach (var candidate in python is null ? s_candidates : [python])
            if (TryStart(candidate, settings, reasons) is { } peer)
                return peer;
        why = $"no PyTorch beside ours: {string.Join("; ", reasons)}.";
        return null;
    }

    /// <summary>Builds a piece of work there and gives what times one sample of it, in milliseconds.</summary>
    public Func<double> Timer(PeerWork work)
    {
        var timer = (int)Ask(work.Request())["timer"]!;
        return () => (double)Ask(new JsonObject { ["sample"] = timer })["ms"]!;
    }

    /// <summary>Lets go of everything built.</summary>
    public void Release() => Ask(new JsonObject { ["release"] = true });

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            _process.Kill();
        _process.Dispose();
    }

    private static PythonPeer? TryStart(string python, RunSettings settings, List<string> reasons)
    {
        var start = new ProcessStartInfo(python, [Script, "--serve", "--device", settings.ToString(), "--threads", settings.Threads.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Threads that spin after their work would take time from this process's samples, which alternate with the child's.
        start.Environment.TryAdd("OMP_WAIT_POLICY", "passive");
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            var hello = process.StandardOutput.ReadLine();
            if (hello is not null)
            {
                // Nobody reads warnings; a full pipe would stop the child.
                process.ErrorDataReceived += static (_, _) => { };
                process.BeginErrorReadLine();
                return new PythonPeer(process, JsonNode.Parse(hello)!);
            }

            reasons.Add($"{python}: {process.StandardError.ReadToEnd().Trim().Split('\n')[^1]}");
        }
        catch (Win32Exception exception)
        {
            reasons.Add($"{python}: {exception.Message}");
        }

        process?.Dispose();
        return null;
    }

    private JsonNode Ask(JsonObject request)
    {
        _process.StandardInput.WriteLine(request.ToJsonString());
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The peer ended at {request.ToJsonString()}.");
        return JsonNode.Parse(answer)!;
    }
}
