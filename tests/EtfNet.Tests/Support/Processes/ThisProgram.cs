using System.Diagnostics;

namespace EtfNet.Tests.Support;

/// <summary>This assembly as another process.</summary>
internal static class ThisProgram
{
    /// <summary>Starts it.</summary>
    public static Process Start(params string[] arguments)
    {
        var (host, all) = Command(arguments);
        return Process.Start(new ProcessStartInfo(host, all))!;
    }

    /// <summary>How it is started: by the host of the tests, or by itself where it runs its tests itself.</summary>
    public static (string Host, IReadOnlyList<string> Arguments) Command(params string[] arguments)
    {
        var (host, assembly) = (Environment.ProcessPath!, typeof(ThisProgram).Assembly);
        var isOwnHost = Path.GetFileName(host).StartsWith(assembly.GetName().Name!, StringComparison.Ordinal);
        return (host, isOwnHost ? arguments : [assembly.Location, .. arguments]);
    }
}
