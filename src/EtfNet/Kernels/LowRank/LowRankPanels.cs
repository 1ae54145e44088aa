using System.Runtime.CompilerServices;

using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Copies the outer factor in the order in which outputs are made: panel by panel, three vectors of outputs each, and in a panel column
/// by column of the factor; in the vectors' own type.
/// </summary>
internal abstract unsafe class LowRankPanels : IKernel
{
    /// <summary>Vectors of a panel.</summary>
    public const int Vectors = 3;

    /// <summary>
    /// The first output of a panel of so many outputs. The last panel overlaps the one before where it would reach beyond the end.
    /// </summary>
    public static long First(LowRankJob* job, long panel, int wide) => Math.Min(panel * wide, job->Outputs - wide);

    /// <summary>The memory that the panels of a factor take.</summary>
    public static long Bytes(long outputs, int rank, ScalarType dtype, SimdWidth width)
    {
        var wide = Vectors * SimdDispatch.Count(dtype, width);
        return (outputs + wide - 1) / wide * wide * rank * (dtype == ScalarType.Float64 ? sizeof(double) : sizeof(float));
    }

    public static long Count(LowRankJob* job, int wide) => (job->Outputs + wide - 1) / wide;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IKernel.Run<TSimd, TVector, TElement>(long begin, long end, void* job)
    {
        var update = (LowRankJob*)job;
        var (wide, rank) = (Vectors * TSimd.Count, update->Rank);
        for (var panel = begin; panel < end; panel++)
        {
            var target = (byte*)update->Panels + panel * rank * wide * TSimd.WideSize;
            var source = (TElement*)update->Outer + First(update, panel, wide) * update->OuterRow;
            for (var i = 0; i < wide; i++, source += update->OuterRow)
            {
                var (j, place) = (0, i);
                for (; j <= rank - 4; j += 4, place += 4 * wide)
                {
                    TSimd.Widen(source + j, target, place);
                    TSimd.Widen(source + j + 1, target, place + wide);
                    TSimd.Widen(source + j + 2, target, place + 2 * wide);
                    TSimd.Widen(source + j + 3, target, place + 3 * wide);
                }

                for (; j < rank; j++, place += wide)
                    TSimd.Widen(source + j, target, place);
            }
        }
    }
}
