using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>Centers groups of numbers in one pass over memory: a group's second reading comes from the cache.</summary>
internal abstract unsafe class CenteringKernel : IKernel
{
    /// <summary>
    /// Vectors that are summed in their own type before the sum goes on in float64: float32 keeps its digits over any length.
    /// </summary>
    private const int Run = 64;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IKernel.Run<TSimd, TVector, TElement>(long begin, long end, void* job)
    {
        var centering = (CenteringJob*)job;
        if (centering->Positions == 1)
            for (var row = begin; row < end; row++)
                Row<TSimd, TVector, TElement>(
                    centering, (TElement*)centering->X + centering->From[row], (TElement*)centering->Y + centering->To[row]);
        else
            for (var piece = begin; piece < end; piece++)
                Block<TSimd, TVector, TElement>(centering, piece / centering->Blocks, piece % centering->Blocks * centering->Block);
        if (centering->PastCache)
            Interlocked.MemoryBarrier();
    }

    /// <summary>A group that is one run of memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<TSimd, TVector, TElement>(CenteringJob* job, TElement* x, TElement* y)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        ref readonly var form = ref job->Form;
        var total = Total<TSimd, TVector, TElement>(x, form.Summed);
        var shift = form.Shift * total + (form.LastShift == 0 ? 0 : form.LastShift * TSimd.Get(x + form.Summed - 1));
        if (job->Bias == 0 && job->PastCache && (nint)y % (TSimd.Count * TSimd.WideSize) == 0)
            ShiftedPastCache<TSimd, TVector, TElement>(x, y, form.Copied, form.Factor, shift);
        else if (job->Bias == 0)
            Shifted<TSimd, TVector, TElement>(x, y, form.Copied, form.Factor, shift);
        else
            ShiftedByEach<TSimd, TVector, TElement>(x, y, (TElement*)job->Bias, form.Copied, form.Factor, shift);
        for (var i = form.Copied; i < form.Outputs; i++)
            TSimd.Set(y + i, form.Tail * total + (job->Bias == 0 ? 0 : TSimd.Get((TElement*)job->Bias + i)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Total<TSimd, TVector, TElement>(TElement* x, long count)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var (total, i, step) = (0.0, 0L, 4 * TSimd.Count);
        while (i <= count - step)
        {
            var last = Math.Min(count - step, i + (long)(Run - 1) * step);
            var (a, b, c, d) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
            for (; i <= last; i += step)
            {
                a = TSimd.Add(a, TSimd.Load(x + i));
                b = TSimd.Add(b, TSimd.Load(x + i + TSimd.Count));
                c = TSimd.Add(c, TSimd.Load(x + i + 2 * TSimd.Count));
                d = TSimd.Add(d, TSimd.Load(x + i + 3 * TSimd.Count));
            }

            total += TSimd.Sum(TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d)));
        }

        var rest = TSimd.Zero;
        for (; i <= count - TSimd.Count; i += TSimd.Count)
            rest = TSimd.Add(rest, TSimd.Load(x + i));
        total += TSimd.Sum(rest);
        for (; i < count; i++)
            total += TSimd.Get(x + i);
        return total;
    }

    /// <summary>y = factor x + shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Shifted<TSimd, TVector, TElement>(TElement* x, TElement* y, long count, double factor, double shift)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var (f, s, i, step) = (TSimd.Create(factor), TSimd.Create(shift), 0L, 4 * TSimd.Count);
        for (; i <= count - step; i += step)
        {
            TSimd.Store(y + i, TSimd.MultiplyAdd(TSimd.Load(x + i), f, s));
            TSimd.Store(y + i + TSimd.Count, TSimd.MultiplyAdd(TSimd.Load(x + i + TSimd.Count), f, s));
            TSimd.Store(y + i + 2 * TSimd.Count, TSimd.MultiplyAdd(TSimd.Load(x + i + 2 * TSimd.Count), f, s));
            TSimd.Store(y + i + 3 * TSimd.Count, TSimd.MultiplyAdd(TSimd.Load(x + i + 3 * TSimd.Count), f, s));
        }

        for (; i <= count - TSimd.Count; i += TSimd.Count)
            TSimd.Store(y + i, TSimd.MultiplyAdd(TSimd.Load(x + i), f, s));
        for (; i < count; i++)
            TSimd.Set(y + i, factor * TSimd.Get(x + i) + shift);
    }

    /// <summary>y = factor x + shift, of an aligned y that no cache would hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ShiftedPastCache<TSimd, TVector, TElement>(TElement* x, TElement* y, long count, double factor, double shift)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var (f, s, i) = (TSimd.Create(factor), TSimd.Create(shift), 0L);
        for (; i <= count - TSimd.Count; i += TSimd.Count)
            TSimd.StorePastCache(y + i, TSimd.MultiplyAdd(TSimd.Load(x + i), f, s));
        for (; i < count; i++)
            TSimd.Set(y + i, factor * TSimd.Get(x + i) + shift);
    }

    /// <summary>y = factor x + shift + bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ShiftedByEach<TSimd, TVector, TElement>(
        TElement* x, TElement* y, TElement* bias, long count, double factor, double shift)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var (f, s, i) = (TSimd.Create(factor), TSimd.Create(shift), 0L);
        for (; i <= count - 2 * TSimd.Count; i += 2 * TSimd.Count)
        {
            var (first, second) = (TSimd.Add(s, TSimd.Load(bias + i)), TSimd.Add(s, TSimd.Load(bias + i + TSimd.Count)));
            TSimd.Store(y + i, TSimd.MultiplyAdd(TSimd.Load(x + i), f, first));
            TSimd.Store(y + i + TSimd.Count, TSimd.MultiplyAdd(TSimd.Load(x + i + TSimd.Count), f, second));
        }

        for (; i < count; i++)
            TSimd.Set(y + i, factor * TSimd.Get(x + i) + shift + TSimd.Get(bias + i));
    }

    /// <summary>A run of groups next to each other, some vectors of them at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TSimd, TVector, TElement>(CenteringJob* job, long piece, long begin)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var x = (TElement*)job->X + job->From[piece];
        var y = (TElement*)job->Y + job->To[piece];
        var (p, end) = (begin, Math.Min(job->Positions, begin + job->Block));
        for (; p <= end - 4 * TSimd.Count; p += 4 * TSimd.Count)
            FourVectors<TSimd, TVector, TElement>(job, x + p, y + p);
        // The last vector of a run may cover some groups twice: they come out the same.
        for (; p < end; p += TSimd.Count)
        {
            var from = Math.Min(p, job->Positions - TSimd.Count);
            OneVector<TSimd, TVector, TElement>(job, x + from, y + from);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourVectors<TSimd, TVector, TElement>(CenteringJob* job, TElement* x, TElement* y)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        ref readonly var form = ref job->Form;
        var (count, from, to) = (TSimd.Count, job->FromStride, job->ToStride);
        var (t0, t1, t2, t3) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        for (var c = 0L; c < form.Summed;)
        {
            var (a, b, d, e) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
            for (var last = Math.Min(form.Summed, c + Run); c < last; c++)
            {
                var source = x + c * from;
                a = TSimd.Add(a, TSimd.Load(source));
                b = TSimd.Add(b, TSimd.Load(source + count));
                d = TSimd.Add(d, TSimd.Load(source + 2 * count));
                e = TSimd.Add(e, TSimd.Load(source + 3 * count));
            }

            (t0, t1, t2, t3) = (TSimd.Add(t0, a), TSimd.Add(t1, b), TSimd.Add(t2, d), TSimd.Add(t3, e));
        }

        var s0 = Shift<TSimd, TVector, TElement>(in form, t0, x, from);
        var s1 = Shift<TSimd, TVector, TElement>(in form, t1, x + count, from);
        var s2 = Shift<TSimd, TVector, TElement>(in form, t2, x + 2 * count, from);
        var s3 = Shift<TSimd, TVector, TElement>(in form, t3, x + 3 * count, from);
        var factor = TSimd.Create(form.Factor);
        for (var c = 0L; c < form.Copied; c++)
        {
            var source = x + c * from;
            var target = y + c * to;
            var bias = Bias<TSimd, TVector, TElement>(job, c);
            TSimd.Store(target, TSimd.MultiplyAdd(TSimd.Load(source), factor, TSimd.Add(s0, bias)));
            TSimd.Store(target + count, TSimd.MultiplyAdd(TSimd.Load(source + count), factor, TSimd.Add(s1, bias)));
            TSimd.Store(target + 2 * count, TSimd.MultiplyAdd(TSimd.Load(source + 2 * count), factor, TSimd.Add(s2, bias)));
            TSimd.Store(target + 3 * count, TSimd.MultiplyAdd(TSimd.Load(source + 3 * count), factor, TSimd.Add(s3, bias)));
        }

        var tail = TSimd.Create(form.Tail);
        for (var c = form.Copied; c < form.Outputs; c++)
        {
            var target = y + c * to;
            var bias = Bias<TSimd, TVector, TElement>(job, c);
            TSimd.Store(target, TSimd.MultiplyAdd(t0, tail, bias));
            TSimd.Store(target + count, TSimd.MultiplyAdd(t1, tail, bias));
            TSimd.Store(target + 2 * count, TSimd.MultiplyAdd(t2, tail, bias));
            TSimd.Store(target + 3 * count, TSimd.MultiplyAdd(t3, tail, bias));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector<TSimd, TVector, TElement>(CenteringJob* job, TElement* x, TElement* y)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        ref readonly var form = ref job->Form;
        var total = TSimd.Zero;
        for (var c = 0L; c < form.Summed;)
        {
            var sum = TSimd.Zero;
            for (var last = Math.Min(form.Summed, c + Run); c < last; c++)
                sum = TSimd.Add(sum, TSimd.Load(x + c * job->FromStride));
            total = TSimd.Add(total, sum);
        }

        var shift = Shift<TSimd, TVector, TElement>(in form, total, x, job->FromStride);
        var (factor, tail) = (TSimd.Create(form.Factor), TSimd.Create(form.Tail));
        for (var c = 0L; c < form.Copied; c++)
            TSimd.Store(y + c * job->ToStride,
                TSimd.MultiplyAdd(TSimd.Load(x + c * job->FromStride), factor, TSimd.Add(shift, Bias<TSimd, TVector, TElement>(job, c))));
        for (var c = form.Copied; c < form.Outputs; c++)
            TSimd.Store(y + c * job->ToStride, TSimd.MultiplyAdd(total, tail, Bias<TSimd, TVector, TElement>(job, c)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Shift<TSimd, TVector, TElement>(in CenteringForm form, TVector total, TElement* x, long stride)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged =>
        TSimd.MultiplyAdd(total, TSimd.Create(form.Shift),
            form.LastShift == 0 ? TSimd.Zero : TSimd.Multiply(TSimd.Load(x + (form.Summed - 1) * stride), TSimd.Create(form.LastShift)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Bias<TSimd, TVector, TElement>(CenteringJob* job, long c)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged =>
        job->Bias == 0 ? TSimd.Zero : TSimd.Broadcast((TElement*)job->Bias + c);
}
