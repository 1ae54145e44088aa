using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Keeps the panels of an outer factor (<see cref="LowRankPanels"/>) from one call to the next.</summary>
/// <remarks>
/// Panels that one core has just made are slow to read for the others. A factor can be written at any time without a trace, by a load of a
/// state for instance. So its bytes are kept beside the panels and compared at each call, which takes a hundredth of the call's time.
/// </remarks>
internal sealed unsafe class PanelStore
{
    /// <summary>A larger factor is not kept.</summary>
    private const long MostBytes = 4 << 20;

    private const int CacheLine = 64;

    private Kept? _last;

    /// <summary>Whether the outer factor of an update is kept.</summary>
    public static bool Takes(in LowRankJob job, ScalarType dtype) => job.OuterRow >= 0 && Bytes(job, dtype) <= MostBytes;

    /// <summary>The panels of an update's outer factor.</summary>
    /// <param name="job">The update; <see cref="Takes"/> it.</param>
    /// <param name="dtype">Of the factor.</param>
    /// <param name="width">Of the vectors.</param>
    /// <param name="areMade">Whether they hold the factor's numbers; else they are to be filled, and then to be given to
    /// <see cref="Keep"/>.</param>
    public Kept Find(in LowRankJob job, ScalarType dtype, SimdWidth width, out bool areMade)
    {
        // Replaced whole: two threads at the same layer at worst make the same panels twice.
        var form = new Form(dtype, width, job.Outputs, job.OuterRow, job.Rank);
        var factor = new ReadOnlySpan<byte>((void*)job.Outer, (int)Bytes(job, dtype));
        areMade = _last is { } last && last.Form == form && factor.SequenceEqual(last.Factor);
        return areMade ? _last! : new Kept(form, factor.ToArray());
    }

    /// <summary>Keeps panels that are filled.</summary>
    public void Keep(Kept panels) => _last = panels;

    public void Clear() => _last = null;

    /// <summary>From the first number of the factor that counts to the last.</summary>
    private static long Bytes(in LowRankJob job, ScalarType dtype) =>
        (((job.Outputs - 1) * job.OuterRow) + job.Rank) * (dtype switch
        {
            ScalarType.Float64 => sizeof(double),
            ScalarType.Float32 => sizeof(float),
            _ => sizeof(ushort),
        });

    /// <summary>What panels depend on beside the numbers.</summary>
    internal readonly record struct Form(ScalarType Dtype, SimdWidth Width, long Outputs, long OuterRow, int Rank);

    /// <summary>Panels, and the factor that they are of.</summary>
    internal sealed class Kept(Form form, byte[] factor)
    {
        // Whole vectors on whole lines of the cache: others take two loads each.
        private readonly byte[] _room = GC.AllocateUninitializedArray<byte>(
            (int)LowRankPanels.Bytes(form.Outputs, form.Rank, form.Dtype, form.Width) + CacheLine, pinned: true);

        public Form Form => form;

        public ReadOnlySpan<byte> Factor => factor;

        /// <summary>Where they begin; valid while this object lives.</summary>
        public nint Address =>
            ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_room)) + CacheLine - 1) / CacheLine * CacheLine;
    }
}
