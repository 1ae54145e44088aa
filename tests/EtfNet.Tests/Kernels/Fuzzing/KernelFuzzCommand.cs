using System.Diagnostics;
using System.Globalization;

namespace EtfNet.Tests.Kernels.Fuzzing;

/// <summary><c>kernel-fuzz [--count N] [--seed S]</c>.</summary>
internal static class KernelFuzzCommand
{
    public const string Name = "kernel-fuzz";

    private const string Usage = "Usage: kernel-fuzz [--count N] [--seed S]";
    private const int MostShown = 20;

    /// <returns>0: nothing was found; 1: something was; 2: the arguments are wrong.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        var (count, seed) = (100_000, 0);
        for (var i = 0; i < arguments.Length; i += 2)
            switch (arguments[i])
            {
                case "--count"
                    when i + 1 < arguments.Length && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out count) && count > 0:
                case "--seed" when i + 1 < arguments.Length && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out seed):
                    break;
                default:
                    error.WriteLine($"error: unknown or incomplete argument '{arguments[i]}'. {Usage}");
                    return 2;
            }

        var (clock, found) = (Stopwatch.StartNew(), 0);
        for (var number = 0; number < count; number++)
            if (KernelFuzz.Try(seed + number) is { } problem && found++ < MostShown)
                output.WriteLine(problem);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} cases, {found} wrong, {clock.Elapsed.TotalSeconds:0.0} s"));
        return found == 0 ? 0 : 1;
    }
}
