using System.Diagnostics;

namespace EtfNet.Tests.Fuzzing;

/// <summary>Feeds a parser and looks at what it does: it may read or refuse, within a time and an amount of memory that follow from the
/// input's size.</summary>
internal sealed class Fuzzer(FuzzTarget target, IReadOnlyList<byte[]> seeds)
{
    /// <summary>What messages, buffers and exceptions take whatever the input's size: .NET's stack traces take most of it.</summary>
    private const long BaseAllocation = 1 << 20;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    /// <summary>How many inputs the parser read.</summary>
    public long Read { get; private set; }

    /// <summary>How many it refused.</summary>
    public long Refused { get; private set; }

    /// <summary>The input of a number: the same for the same seed.</summary>
    public byte[] Input(int seed, long number)
    {
        var random = new Random(HashCode(seed, number));
        var bytes = Mutator.Next(random, seeds);
        return target.Finish is { } finish && random.Next(4) > 0 ? finish(bytes) : bytes;
    }

    /// <summary>Tries one input.</summary>
    /// <returns>What is wrong; null: nothing.</returns>
    public string? Try(byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            target.Parse(input);
            Read++;
        }
        catch (Exception exception) when (target.Refusal.IsInstanceOfType(exception))
        {
            Refused++;
            if (string.IsNullOrWhiteSpace(exception.Message))
                return "it is refused without a word";
        }
        catch (Exception exception)
        {
            return $"it ends in {exception.GetType().Name}: {exception.Message}\n{exception.StackTrace}";
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > BaseAllocation + ((long)target.Expansion * input.Length))
            return $"{allocated} bytes are allocated for {input.Length} bytes of input";
        return Stopwatch.GetElapsedTime(started) > s_limit ? $"it takes longer than {s_limit}" : null;
    }

    /// <summary>System.HashCode differs from run to run.</summary>
    private static int HashCode(int seed, long number) =>
        unchecked((int)(((ulong)seed * 0x9E3779B97F4A7C15) ^ ((ulong)number * 0xC2B2AE3D27D4EB4F) >> 16));
}
