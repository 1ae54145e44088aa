using System.Diagnostics;
using System.Globalization;

namespace EtfNet.Tests.Fuzzing;

/// <summary><c>fuzz [--count N] [--seed S] [--only NAME] [--out FOLDER]</c>, or <c>fuzz --corpus FOLDER</c> to write the valid seeds
/// anew.</summary>
internal static class FuzzCommand
{
    public const string Name = "fuzz";

    private const string Usage = "Usage: fuzz [--count N] [--seed S] [--only NAME] [--out FOLDER] | fuzz --corpus FOLDER";

    /// <summary>A parser that takes this long for an input hangs.</summary>
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    /// <returns>0: nothing was found; 1: something was, and its inputs are in the folder; 2: the arguments are wrong; 3: a parser
    /// hangs.</returns>
    public static int Run(string[] arguments, TextWriter output, TextWriter error)
    {
        var (count, seed, only, folder) = (70_000L, 1, "", "out/fuzz");
        for (var i = 0; i < arguments.Length; i += 2)
            switch (arguments[i])
            {
                case "--count"
                    when i + 1 < arguments.Length && long.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out count) && count > 0:
                case "--seed" when i + 1 < arguments.Length && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out seed):
                    break;
                case "--only" when i + 1 < arguments.Length && FuzzTarget.All.Any(target => target.Name == arguments[i + 1]):
                    only = arguments[i + 1];
                    break;
                case "--out" when i + 1 < arguments.Length:
                    folder = arguments[i + 1];
                    break;
                case "--corpus" when i + 1 < arguments.Length:
                    Corpus.Write(arguments[i + 1]);
                    return 0;
                default:
                    var names = string.Join(", ", FuzzTarget.All.Select(target => target.Name));
                    error.WriteLine($"error: unknown or incomplete argument '{arguments[i]}'. {Usage} Names: {names}.");
                    return 2;
            }

        var targets = FuzzTarget.All.Where(target => only is "" || target.Name == only).ToList();
        return targets.Sum(target => Run(target, count / targets.Count, seed, folder, output)) == 0 ? 0 : 1;
    }

    private static int Run(FuzzTarget target, long count, int seed, string folder, TextWriter output)
    {
        var fuzzer = new Fuzzer(target, Corpus.Of(target));
        var clock = Stopwatch.StartNew();
        var found = new HashSet<string>();
        var (number, since) = (0L, Stopwatch.GetTimestamp());
        using var watch = new Timer(_ =>
        {
            if (Stopwatch.GetElapsedTime(Interlocked.Read(ref since)) < s_hang)
                return;
            Keep(fuzzer.Input(seed, Interlocked.Read(ref number)), "hang");
            Environment.Exit(3);
        }, null, s_hang, s_hang);

        for (; number < count; number++)
        {
            Interlocked.Exchange(ref since, Stopwatch.GetTimestamp());
            var input = fuzzer.Input(seed, number);
            if (fuzzer.Try(input) is { } problem && found.Add(Kind(problem)))
                Keep(input, problem);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target.Name,-12} {count,10:N0} inputs, {fuzzer.Read,9:N0} read, {fuzzer.Refused,10:N0} refused, "
            + $"{found.Count} kinds of failure, {clock.Elapsed.TotalSeconds:0.0} s"));
        return found.Count;

        // One input of a kind is enough: where it happened, or else what was said, whatever the numbers.
        static string Kind(string problem) =>
            string.Concat(problem[(problem.IndexOf('\n') + 1)..].Where(letter => !char.IsAsciiDigit(letter)));

        void Keep(byte[] input, string problem)
        {
            Directory.CreateDirectory(folder);
            var file = Path.Combine(folder, $"{target.Name}-{seed}-{number}");
            File.WriteAllBytes(file, input);
            output.WriteLine($"{file}: {problem}");
        }
    }
}
