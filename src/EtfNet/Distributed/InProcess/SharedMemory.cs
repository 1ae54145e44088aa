using System.Numerics;

namespace EtfNet;

/// <summary>Collective operations on values that all lie in this process.</summary>
/// <remarks>Sums run from rank 0 upwards, so that they are the same on every run.</remarks>
internal static unsafe class SharedMemory
{
    public static void Run(CollectiveCall call, ReadOnlySpan<nint> memory)
    {
        var count = checked((int)call.Count);
        switch (call.Kind)
        {
            case CallKind.SumOfFloats:
                Sum<float>(memory, count);
                break;
            case CallKind.SumOfDoubles:
                Sum<double>(memory, count);
                break;
            case CallKind.Broadcast:
                foreach (var target in memory)
                    View<byte>(memory[call.Root], count).CopyTo(View<byte>(target, count));
                break;
            default:
                break;
        }
    }

    private static void Sum<T>(ReadOnlySpan<nint> memory, int count)
        where T : unmanaged, INumber<T>
    {
        var sum = View<T>(memory[0], count);
        foreach (var address in memory[1..])
        {
            var values = View<T>(address, count);
            for (var i = 0; i < count; i++)
                sum[i] += values[i];
        }

        foreach (var target in memory[1..])
            sum.CopyTo(View<T>(target, count));
    }

    private static Span<T> View<T>(nint address, int count)
        where T : unmanaged => new((void*)address, count);
}
