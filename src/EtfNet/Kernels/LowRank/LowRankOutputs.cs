using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary><c>factor x + outer coordinates + bias</c> for some rows: the second half of an update of low rank.</summary>
internal static unsafe class LowRankOutputs<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector, TElement>
    where TVector : struct
    where TElement : unmanaged
{
    /// <param name="job">The update, with at least a panel of outputs.</param>
    /// <param name="x">The first row of the input, with at least as many numbers as there are outputs.</param>
    /// <param name="fromRow">From one row of it to the next.</param>
    /// <param name="y">The first row of the output.</param>
    /// <param name="rows">How many.</param>
    /// <param name="coordinates">Rows x width numbers.</param>
    /// <param name="width">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(LowRankJob* job, TElement* x, long fromRow, TElement* y, int rows, byte* coordinates, int width)
    {
        var wide = LowRankPanels.Vectors * TSimd.Count;
        var count = LowRankPanels.Count(job, wide);
        for (var panel = 0L; panel < count; panel++)
        {
            var first = LowRankPanels.First(job, panel, wide);
            var numbers = (byte*)job->Panels + panel * job->Rank * wide * TSimd.WideSize;
            for (var row = 0; row < rows; row += 4)
                FourRows(job, x + first, fromRow, y + first, coordinates, width, numbers, first, row, rows - 1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(
        LowRankJob* job, TElement* x, long fromRow, TElement* y, byte* coordinates, int width, byte* panel, long first, int row, int last)
    {
        // Past the last row, that row is computed again, with the same result.
        var (r1, r2, r3) = (Math.Min(row + 1, last), Math.Min(row + 2, last), Math.Min(row + 3, last));
        var bias = job->Bias == 0 ? null : (TElement*)job->Bias + first;
        var factor = TSimd.Create(job->Factor);
        Start(x + row * fromRow, bias, factor, out var a0, out var a1, out var a2);
        Start(x + r1 * fromRow, bias, factor, out var b0, out var b1, out var b2);
        Start(x + r2 * fromRow, bias, factor, out var c0, out var c1, out var c2);
        Start(x + r3 * fromRow, bias, factor, out var d0, out var d1, out var d2);
        byte* s0 = coordinates + (long)row * width * TSimd.WideSize, s1 = coordinates + (long)r1 * width * TSimd.WideSize;
        byte* s2 = coordinates + (long)r2 * width * TSimd.WideSize, s3 = coordinates + (long)r3 * width * TSimd.WideSize;
        var (rank, place) = (job->Rank, 0L);
        for (var j = 0L; j < rank; j++, place += LowRankPanels.Vectors * TSimd.Count)
        {
            var u = TSimd.LoadWide(panel, place);
            var v = TSimd.LoadWide(panel, place + TSimd.Count);
            var w = TSimd.LoadWide(panel, place + 2 * TSimd.Count);
            var value = TSimd.BroadcastWide(s0, j);
            a0 = TSimd.MultiplyAdd(value, u, a0);
            a1 = TSimd.MultiplyAdd(value, v, a1);
            a2 = TSimd.MultiplyAdd(value, w, a2);
            value = TSimd.BroadcastWide(s1, j);
            b0 = TSimd.MultiplyAdd(value, u, b0);
            b1 = TSimd.MultiplyAdd(value, v, b1);
            b2 = TSimd.MultiplyAdd(value, w, b2);
            value = TSimd.BroadcastWide(s2, j);
            c0 = TSimd.MultiplyAdd(value, u, c0);
            c1 = TSimd.MultiplyAdd(value, v, c1);
            c2 = TSimd.MultiplyAdd(value, w, c2);
            value = TSimd.BroadcastWide(s3, j);
            d0 = TSimd.MultiplyAdd(value, u, d0);
            d1 = TSimd.MultiplyAdd(value, v, d1);
            d2 = TSimd.MultiplyAdd(value, w, d2);
        }

        Store(y + row * job->ToRow, a0, a1, a2);
        Store(y + r1 * job->ToRow, b0, b1, b2);
        Store(y + r2 * job->ToRow, c0, c1, c2);
        Store(y + r3 * job->ToRow, d0, d1, d2);
    }

    /// <summary>What outputs are without the update.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start(TElement* x, TElement* bias, TVector factor, out TVector left, out TVector middle, out TVector right)
    {
        left = TSimd.Multiply(factor, TSimd.Load(x));
        middle = TSimd.Multiply(factor, TSimd.Load(x + TSimd.Count));
        right = TSimd.Multiply(factor, TSimd.Load(x + 2 * TSimd.Count));
        if (bias == null)
            return;
        left = TSimd.Add(left, TSimd.Load(bias));
        middle = TSimd.Add(middle, TSimd.Load(bias + TSimd.Count));
        right = TSimd.Add(right, TSimd.Load(bias + 2 * TSimd.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TElement* y, TVector left, TVector middle, TVector right)
    {
        TSimd.Store(y, left);
        TSimd.Store(y + TSimd.Count, middle);
        TSimd.Store(y + 2 * TSimd.Count, right);
    }
}
