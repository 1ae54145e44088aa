using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Features of a batch as rows in CPU memory, float32 or float64, without a copy.</summary>
internal readonly ref struct FeatureRows
{
    private readonly ReadOnlySpan<double> _double;

    private FeatureRows(ReadOnlySpan<float> single, ReadOnlySpan<double> wide, bool isSingle, int count, int width, torch.Tensor? source)
    {
        Source = source;
        Single = single;
        _double = wide;
        IsSingle = isSingle;
        Count = count;
        Width = width;
    }

    /// <summary>The tensor that this is a view of, from which another thread makes a view of its own; null where it is a view of managed memory.</summary>
    public torch.Tensor? Source { get; }

    public ReadOnlySpan<float> Single { get; }

    public bool IsSingle { get; }

    public int Count { get; }

    public int Width { get; }

    /// <summary>
    /// The features in the form that <see cref="View(torch.Tensor)"/> wants, as a tensor of its own outside every scope; null where they have it already: each
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
        return features.dtype == torch.ScalarType.Float32
            ? new FeatureRows(MemoryMarshal.Cast<byte, float>(features.bytes), default, true, count, width, features)
            : new FeatureRows(default, MemoryMarshal.Cast<byte, double>(features.bytes), false, count, width, features);
    }

    public static FeatureRows View(ReadOnlySpan<float> values, int width) => new(values, default, true, values.Length / width, width, null);

    public ReadOnlySpan<float> SingleRow(int row) => Single.Slice(row * Width, Width);

    public ReadOnlySpan<double> DoubleRow(int row) => _double.Slice(row * Width, Width);

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
        // A sum of magnitudes is finite exactly if every term is: float32 terms cannot overflow float64.
        var total = 0.0;
        if (IsSingle)
            foreach (var value in SingleRow(row))
                total += Math.Abs((double)value);
        else
            foreach (var value in DoubleRow(row))
                total += double.IsFinite(value) ? 0 : double.NaN;

        return double.IsFinite(total);
    }
}
