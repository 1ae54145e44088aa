using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>
/// An update of low rank in one pass over memory: a block of rows is read for its coordinates, and again, from the cache, for the output.
/// </summary>
internal abstract unsafe class LowRankKernel : IKernel
{
    /// <summary>Rows that stay in the second-level cache from their first reading to the second.</summary>
    private const int BlockRows = 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void IKernel.Run<TSimd, TVector, TElement>(long begin, long end, void* job)
    {
        var update = (LowRankJob*)job;
        var coordinates = new LowRankCoordinates<TSimd, TVector, TElement>(update, BlockRows);
        var padded = update->Outputs > update->Inputs ? (nuint)(BlockRows * update->Outputs * sizeof(TElement)) : 0;
        var scratch = (byte*)NativeMemory.AlignedAlloc(coordinates.Bytes + padded, 64);
        try
        {
            var numbers = (TElement*)(scratch + coordinates.Bytes);
            for (var row = begin; row < end; row += BlockRows)
            {
                var rows = (int)Math.Min(BlockRows, end - row);
                var (x, stride) = ((nint)((TElement*)update->X + row * update->FromRow), update->FromRow);
                coordinates.Fill((TElement*)x, rows, scratch);
                if (padded > 0)
                {
                    Pad(update, (TElement*)x, rows, numbers);
                    (x, stride) = ((nint)numbers, update->Outputs);
                }

                LowRankOutputs<TSimd, TVector, TElement>.Fill(
                    update, (TElement*)x, stride, (TElement*)update->Y + row * update->ToRow, rows, scratch, coordinates.Width);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(scratch);
        }
    }

    /// <summary>Rows with zeros behind their numbers.</summary>
    private static void Pad<TElement>(LowRankJob* job, TElement* x, int rows, TElement* target)
        where TElement : unmanaged
    {
        for (var row = 0; row < rows; row++)
        {
            var to = target + row * job->Outputs;
            Buffer.MemoryCopy(x + row * job->FromRow, to, job->Inputs * sizeof(TElement), job->Inputs * sizeof(TElement));
            NativeMemory.Clear(to + job->Inputs, (nuint)((job->Outputs - job->Inputs) * sizeof(TElement)));
        }
    }
}
