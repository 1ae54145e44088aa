using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary><c>-factor inner^T x</c> for some rows: the first half of an update of low rank.</summary>
internal readonly unsafe struct LowRankCoordinates<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector, TElement>
    where TVector : struct
    where TElement : unmanaged
{
    /// <summary>Numbers of a row whose factors stay in the first-level cache for all rows.</summary>
    private const int Depth = 128;

    private readonly LowRankJob* _job;
    private readonly int _mostRows;

    /// <summary>The last rows of the inner factor: whole vectors of them would reach beyond its end.</summary>
    private readonly int _last;

    /// <param name="job">The update.</param>
    /// <param name="mostRows">How many rows there are at most.</param>
    public LowRankCoordinates(LowRankJob* job, int mostRows)
    {
        _job = job;
        _mostRows = mostRows;
        Width = (job->Rank + TSimd.Count - 1) / TSimd.Count * TSimd.Count;
        _last = (int)Math.Min(job->Inputs, (Width - job->Rank + job->InnerRow - 1) / job->InnerRow);
    }

    /// <summary>The numbers of a row: the rank, rounded up to whole vectors. What lies behind the rank means nothing.</summary>
    public int Width { get; }

    /// <summary>The memory for rows of coordinates, and for what this works with.</summary>
    public nuint Bytes => (nuint)(_mostRows * Width * TSimd.WideSize + _last * Width * sizeof(TElement) + 63) / 64 * 64;

    /// <param name="x">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="coordinates">Takes rows x width numbers, and has <see cref="Bytes"/> bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(TElement* x, int rows, byte* coordinates)
    {
        for (var i = 0L; i < (long)rows * Width; i += TSimd.Count)
            TSimd.StoreWide(coordinates, i, TSimd.Zero);
        var inner = (TElement*)_job->Inner;
        var (whole, stride) = (_job->Inputs - _last, _job->InnerRow);
        for (var start = 0L; start < whole; start += Depth)
            Add(x + start, rows, inner + start * stride, stride, (int)Math.Min(Depth, whole - start), coordinates);
        if (_last > 0)
            Add(x + whole, rows, Padded(inner + whole * stride, coordinates), Width, _last, coordinates);

        var factor = TSimd.Create(-_job->Factor);
        for (var i = 0L; i < (long)rows * Width; i += TSimd.Count)
            TSimd.StoreWide(coordinates, i, TSimd.Multiply(factor, TSimd.LoadWide(coordinates, i)));
    }

    private TElement* Padded(TElement* inner, byte* coordinates)
    {
        var target = (TElement*)(coordinates + (long)_mostRows * Width * TSimd.WideSize);
        NativeMemory.Clear(target, (nuint)(_last * Width * sizeof(TElement)));
        for (var k = 0; k < _last; k++)
            Unsafe.CopyBlock(target + k * Width, inner + k * _job->InnerRow, (uint)(_job->Rank * sizeof(TElement)));
        return target;
    }

    /// <summary>Adds some numbers' part to the coordinates, four or eight rows and two vectors at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(TElement* x, int rows, TElement* inner, long stride, int depth, byte* coordinates)
    {
        // Vectors of 512 bits come with registers enough for eight rows, which share the loads of the factor.
        var step = Unsafe.SizeOf<TVector>() == 64 ? 8 : 4;
        for (var row = 0; row < rows; row += step)
        {
            var column = 0;
            for (; column <= Width - 2 * TSimd.Count; column += 2 * TSimd.Count)
                if (step == 8 && row + 4 < rows)
                    AddTwoOfEight(x, _job->FromRow, inner + column, stride, depth, coordinates, Width, column, row, rows - 1);
                else
                    AddTwo(x, _job->FromRow, inner + column, stride, depth, coordinates, Width, column, row, rows - 1);
            for (var part = row; column < Width && part < Math.Min(rows, row + step); part += 4)
                AddOne(x, _job->FromRow, inner + column, stride, depth, coordinates, Width, column, part, rows - 1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddTwo(
        TElement* x, long fromRow, TElement* inner, long stride, int depth, byte* coordinates, int width, int column, int row, int last)
    {
        // Past the last row, that row is read again but not added.
        TElement* x0 = x + row * fromRow, x1 = x + Math.Min(row + 1, last) * fromRow;
        TElement* x2 = x + Math.Min(row + 2, last) * fromRow, x3 = x + Math.Min(row + 3, last) * fromRow;
        var (a0, a1, b0, b1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        var (c0, c1, d0, d1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        for (var k = 0L; k < depth; k++, inner += stride)
        {
            var (left, right) = (TSimd.Load(inner), TSimd.Load(inner + TSimd.Count));
            var value = TSimd.Broadcast(x0 + k);
            (a0, a1) = (TSimd.MultiplyAdd(value, left, a0), TSimd.MultiplyAdd(value, right, a1));
            value = TSimd.Broadcast(x1 + k);
            (b0, b1) = (TSimd.MultiplyAdd(value, left, b0), TSimd.MultiplyAdd(value, right, b1));
            value = TSimd.Broadcast(x2 + k);
            (c0, c1) = (TSimd.MultiplyAdd(value, left, c0), TSimd.MultiplyAdd(value, right, c1));
            value = TSimd.Broadcast(x3 + k);
            (d0, d1) = (TSimd.MultiplyAdd(value, left, d0), TSimd.MultiplyAdd(value, right, d1));
        }

        AddTo(coordinates, width, column, row, last, a0, b0, c0, d0);
        AddTo(coordinates, width, column + TSimd.Count, row, last, a1, b1, c1, d1);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddTwoOfEight(
        TElement* x, long fromRow, TElement* inner, long stride, int depth, byte* coordinates, int width, int column, int row, int last)
    {
        TElement* x0 = x + row * fromRow, x1 = x + (row + 1) * fromRow, x2 = x + (row + 2) * fromRow, x3 = x + (row + 3) * fromRow;
        TElement* x4 = x + (row + 4) * fromRow, x5 = x + Math.Min(row + 5, last) * fromRow;
        TElement* x6 = x + Math.Min(row + 6, last) * fromRow, x7 = x + Math.Min(row + 7, last) * fromRow;
        var (a0, a1, b0, b1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        var (c0, c1, d0, d1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        var (e0, e1, f0, f1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        var (g0, g1, h0, h1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        for (var k = 0L; k < depth; k++, inner += stride)
        {
            var (left, right) = (TSimd.Load(inner), TSimd.Load(inner + TSimd.Count));
            var value = TSimd.Broadcast(x0 + k);
            (a0, a1) = (TSimd.MultiplyAdd(value, left, a0), TSimd.MultiplyAdd(value, right, a1));
            value = TSimd.Broadcast(x1 + k);
            (b0, b1) = (TSimd.MultiplyAdd(value, left, b0), TSimd.MultiplyAdd(value, right, b1));
            value = TSimd.Broadcast(x2 + k);
            (c0, c1) = (TSimd.MultiplyAdd(value, left, c0), TSimd.MultiplyAdd(value, right, c1));
            value = TSimd.Broadcast(x3 + k);
            (d0, d1) = (TSimd.MultiplyAdd(value, left, d0), TSimd.MultiplyAdd(value, right, d1));
            value = TSimd.Broadcast(x4 + k);
            (e0, e1) = (TSimd.MultiplyAdd(value, left, e0), TSimd.MultiplyAdd(value, right, e1));
            value = TSimd.Broadcast(x5 + k);
            (f0, f1) = (TSimd.MultiplyAdd(value, left, f0), TSimd.MultiplyAdd(value, right, f1));
            value = TSimd.Broadcast(x6 + k);
            (g0, g1) = (TSimd.MultiplyAdd(value, left, g0), TSimd.MultiplyAdd(value, right, g1));
            value = TSimd.Broadcast(x7 + k);
            (h0, h1) = (TSimd.MultiplyAdd(value, left, h0), TSimd.MultiplyAdd(value, right, h1));
        }

        AddTo(coordinates, width, column, row, last, a0, b0, c0, d0);
        AddTo(coordinates, width, column + TSimd.Count, row, last, a1, b1, c1, d1);
        AddTo(coordinates, width, column, row + 4, last, e0, f0, g0, h0);
        AddTo(coordinates, width, column + TSimd.Count, row + 4, last, e1, f1, g1, h1);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddOne(
        TElement* x, long fromRow, TElement* inner, long stride, int depth, byte* coordinates, int width, int column, int row, int last)
    {
        TElement* x0 = x + row * fromRow, x1 = x + Math.Min(row + 1, last) * fromRow;
        TElement* x2 = x + Math.Min(row + 2, last) * fromRow, x3 = x + Math.Min(row + 3, last) * fromRow;
        var (a, b, c, d) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        for (var k = 0L; k < depth; k++, inner += stride)
        {
            var factor = TSimd.Load(inner);
            a = TSimd.MultiplyAdd(TSimd.Broadcast(x0 + k), factor, a);
            b = TSimd.MultiplyAdd(TSimd.Broadcast(x1 + k), factor, b);
            c = TSimd.MultiplyAdd(TSimd.Broadcast(x2 + k), factor, c);
            d = TSimd.MultiplyAdd(TSimd.Broadcast(x3 + k), factor, d);
        }

        AddTo(coordinates, width, column, row, last, a, b, c, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTo(byte* coordinates, int width, int column, int row, int last, TVector a, TVector b, TVector c, TVector d)
    {
        var place = (long)row * width + column;
        AddTo(coordinates, place, a);
        if (row + 1 <= last)
            AddTo(coordinates, place + width, b);
        if (row + 2 <= last)
            AddTo(coordinates, place + 2 * width, c);
        if (row + 3 <= last)
            AddTo(coordinates, place + 3 * width, d);
    }

    private static void AddTo(byte* coordinates, long place, TVector value) =>
        TSimd.StoreWide(coordinates, place, TSimd.Add(TSimd.LoadWide(coordinates, place), value));
}
