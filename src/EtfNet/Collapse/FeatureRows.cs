using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Features of a batch as rows in CPU memory, float32 or float64, without a copy; more than 2 GiB of them too.</summary>
internal readonly ref struct FeatureRows
{
    private readonly ref readonly byte _first;

    private FeatureRows(ref readonly byte first, bool isSingle, int count, int width, torch.Tensor? source)
    {
        _first = ref first;
        (IsSingle, Count, Width, Source) = (isSingle, count, width, source);
    }

    /// <summary>The tensor that this is a view of, from which another thread makes a view of its own; null where it is a view of managed
    /// memory.</summary>
    public torch.Tensor? Source { get; }

    public bool IsSingle { get; }

    public int Count { get; }

    public int Width { get; }

    /// <summary>The first feature's first byte: what a kernel pins.</summary>
    public ref readonly byte GetPinnableReference() => ref _first;

    /// <summary>
    /// The features in the form that <see cref="View(torch.Tensor)"/> wants, as a tensor of its own outside every scope; null where they
    /// have it already: each
    /// native call costs microseconds right after a training step, which has filled the caches.
    /// </summary>
    public static torch.Tensor? Convert(torch.Tensor features)
    {
        var dtype = features.dtype;
        var isWanted = dtype is torch.ScalarType.Float32 or torch.ScalarType.Float64;
        if (isWanted && features.device_type == DeviceType.CPU && features.is_contiguous())
            return null;

        using var scope = torch.NewDisposeScope();
        var here = features.detach().cpu();
        if (!isWanted)
            here = torch.is_floating_point(here)
                ? here.to(torch.ScalarType.Float32)
                : throw new ArgumentException($"The features are {dtype}; wanted a floating type.", nameof(features));
        return here.contiguous().DetachFromDisposeScope();
    }

    /// <summary>A view of a contiguous rows x width tensor on the CPU, float32 or float64; valid while the tensor lives.</summary>
    public static FeatureRows View(torch.Tensor features)
    {
        var (count, width) = ((int)features.size(0), (int)features.size(1));
        var isSingle = features.dtype == torch.ScalarType.Float32;
        if ((long)count * width * sizeof(double) <= int.MaxValue)
            return new FeatureRows(ref MemoryMarshal.GetReference(features.bytes), isSingle, count, width, features);
        // No span reaches over all of them, but one over the first row tells where they begin.
        using var first = features.narrow(0, 0, 1);
        return new FeatureRows(ref MemoryMarshal.GetReference(first.bytes), isSingle, count, width, features);
    }

    public static FeatureRows View(ReadOnlySpan<float> values, int width) =>
        new(ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(values)), true, values.Length / width, width, null);

    public ReadOnlySpan<float> SingleRow(int row) => Row<float>(row);

    public ReadOnlySpan<double> DoubleRow(int row) => Row<double>(row);

    public void CopyRow(int row, Span<double> target)
    {
        if (!IsSingle)
        {
            DoubleRow(row).CopyTo(target);
            return;
        }

        var source = SingleRow(row);
        for (var i = 0; i < source.Length; i++)
            target[i] = source[i];
    }

    /// <summary>Those of the rows that are finite.</summary>
    public int[] Finite(ReadOnlySpan<int> rows)
    {
        var finite = new List<int>(rows.Length);
        foreach (var row in rows)
            if (IsFinite(row))
                finite.Add(row);
        return [.. finite];
    }

    public bool IsFinite(int row)
    {
        // A sum of magnitudes is finite exactly if every float32 term is. Of a float64 row the squared norm must be finite too.
        var total = 0.0;
        if (IsSingle)
            foreach (var value in SingleRow(row))
                total += Math.Abs((double)value);
        else
            foreach (var value in DoubleRow(row))
                total += value * value;

        return double.IsFinite(total);
    }

    private ReadOnlySpan<T> Row<T>(int row)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        ref var first = ref Unsafe.As<byte, T>(ref Unsafe.AsRef(in _first));
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref first, (nint)row * Width), Width);
    }
}
