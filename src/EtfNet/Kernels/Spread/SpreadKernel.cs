using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>
/// The second half of an update of low rank on maps, in one pass over the outputs: each is made of its position's coordinates and of its
/// input.
/// </summary>
internal abstract unsafe class SpreadKernel : IKernel
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IKernel.Run<TSimd, TVector, TElement>(long begin, long end, void* job)
    {
        var spread = (SpreadJob*)job;
        for (var piece = begin; piece < end; piece++)
        {
            var (map, first) = (piece / spread->Blocks, piece % spread->Blocks * spread->Block);
            var last = Math.Min(spread->Positions, first + spread->Block);
            for (var channel = 0L; channel < spread->Outputs; channel += 4)
                FourChannels<TSimd, TVector, TElement>(spread, map, channel, first, last);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void FourChannels<TSimd, TVector, TElement>(SpreadJob* job, long map, long channel, long first, long last)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        // Past the last channel, that channel is computed again, and past the last position the last vector is, with the same results.
        var (second, third, fourth) = (
            Math.Min(channel + 1, job->Outputs - 1), Math.Min(channel + 2, job->Outputs - 1), Math.Min(channel + 3, job->Outputs - 1));
        var left = (TElement*)job->Left;
        TElement* l0 = left + channel * job->LeftRow, l1 = left + second * job->LeftRow;
        TElement* l2 = left + third * job->LeftRow, l3 = left + fourth * job->LeftRow;
        var x = (TElement*)job->X + map * job->FromMap;
        TElement* x0 = x + channel * job->FromChannel, x1 = x + second * job->FromChannel;
        TElement* x2 = x + third * job->FromChannel, x3 = x + fourth * job->FromChannel;
        var y = (TElement*)job->Y + map * job->ToMap;
        TElement* y0 = y + channel * job->Positions, y1 = y + second * job->Positions;
        TElement* y2 = y + third * job->Positions, y3 = y + fourth * job->Positions;
        var (plus, minus, rank, step) = (TSimd.Create(job->Factor), TSimd.Create(-job->Factor), job->Rank, job->CoordinatesChannel);

        var p = first;
        for (; p <= last - 2 * TSimd.Count; p += 2 * TSimd.Count)
        {
            var coordinates = (TElement*)job->Coordinates + map * job->CoordinatesMap + p;
            var (a0, a1, b0, b1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
            var (c0, c1, d0, d1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
            for (var j = 0L; j < rank; j++, coordinates += step)
            {
                var (near, far) = (TSimd.Load(coordinates), TSimd.Load(coordinates + TSimd.Count));
                var value = TSimd.Broadcast(l0 + j);
                (a0, a1) = (TSimd.MultiplyAdd(value, near, a0), TSimd.MultiplyAdd(value, far, a1));
                value = TSimd.Broadcast(l1 + j);
                (b0, b1) = (TSimd.MultiplyAdd(value, near, b0), TSimd.MultiplyAdd(value, far, b1));
                value = TSimd.Broadcast(l2 + j);
                (c0, c1) = (TSimd.MultiplyAdd(value, near, c0), TSimd.MultiplyAdd(value, far, c1));
                value = TSimd.Broadcast(l3 + j);
                (d0, d1) = (TSimd.MultiplyAdd(value, near, d0), TSimd.MultiplyAdd(value, far, d1));
            }

            Put<TSimd, TVector, TElement>(x0 + p, y0 + p, a0, plus, minus);
            Put<TSimd, TVector, TElement>(x0 + p + TSimd.Count, y0 + p + TSimd.Count, a1, plus, minus);
            Put<TSimd, TVector, TElement>(x1 + p, y1 + p, b0, plus, minus);
            Put<TSimd, TVector, TElement>(x1 + p + TSimd.Count, y1 + p + TSimd.Count, b1, plus, minus);
            Put<TSimd, TVector, TElement>(x2 + p, y2 + p, c0, plus, minus);
            Put<TSimd, TVector, TElement>(x2 + p + TSimd.Count, y2 + p + TSimd.Count, c1, plus, minus);
            Put<TSimd, TVector, TElement>(x3 + p, y3 + p, d0, plus, minus);
            Put<TSimd, TVector, TElement>(x3 + p + TSimd.Count, y3 + p + TSimd.Count, d1, plus, minus);
        }

        for (; p < last; p += TSimd.Count)
        {
            var place = Math.Min(p, job->Positions - TSimd.Count);
            var coordinates = (TElement*)job->Coordinates + map * job->CoordinatesMap + place;
            var (a, b, c, d) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
            for (var j = 0L; j < rank; j++, coordinates += step)
            {
                var near = TSimd.Load(coordinates);
                a = TSimd.MultiplyAdd(TSimd.Broadcast(l0 + j), near, a);
                b = TSimd.MultiplyAdd(TSimd.Broadcast(l1 + j), near, b);
                c = TSimd.MultiplyAdd(TSimd.Broadcast(l2 + j), near, c);
                d = TSimd.MultiplyAdd(TSimd.Broadcast(l3 + j), near, d);
            }

            Put<TSimd, TVector, TElement>(x0 + place, y0 + place, a, plus, minus);
            Put<TSimd, TVector, TElement>(x1 + place, y1 + place, b, plus, minus);
            Put<TSimd, TVector, TElement>(x2 + place, y2 + place, c, plus, minus);
            Put<TSimd, TVector, TElement>(x3 + place, y3 + place, d, plus, minus);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TSimd, TVector, TElement>(TElement* x, TElement* y, TVector sum, TVector plus, TVector minus)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged =>
        TSimd.Store(y, TSimd.MultiplyAdd(minus, sum, TSimd.Multiply(plus, TSimd.Load(x))));
}
