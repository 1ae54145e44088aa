using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Checks class labels before anything changes.</summary>
internal static class LabelReader
{
    /// <summary>Without a class count, labels at or above this are taken for a mistake.</summary>
    public const int MaxClassCount = 1 << 20;

    /// <summary>Checks that the tensor holds class indices: int64 or int32, one dimension.</summary>
    public static void CheckForm(torch.Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.dim() > 1)
            throw new ArgumentException(
                $"The labels have shape ({string.Join(", ", labels.shape)}); wanted (samples). One-hot or soft labels are not class indices: pass labels.argmax(1).",
                nameof(labels));
        if (labels.dim() == 0)
            throw new ArgumentException("The labels are a scalar; wanted shape (samples).", nameof(labels));
        if (labels.dtype is not (torch.ScalarType.Int64 or torch.ScalarType.Int32))
            throw new ArgumentException($"The labels are {labels.dtype}; wanted class indices of type Int64 or Int32.", nameof(labels));
    }

    /// <summary>The labels as numbers, each in <c>[0, classCount)</c>; read from whatever device they are on.</summary>
    public static int[] Read(torch.Tensor labels, int? classCount)
    {
        CheckForm(labels);
        // Most labels lie in plain memory already.
        using var copy = labels.device_type == DeviceType.CPU && labels.is_contiguous() ? null : Copy(labels);
        var here = copy ?? labels;
        var limit = classCount ?? MaxClassCount;
        var result = new int[here.size(0)];
        if (here.dtype == torch.ScalarType.Int32)
            MemoryMarshal.Cast<byte, int>(here.bytes).CopyTo(result);
        else
        {
            var wide = MemoryMarshal.Cast<byte, long>(here.bytes);
            for (var i = 0; i < result.Length; i++)
                result[i] = wide[i] is var label && label >= 0 && label < limit ? (int)label : throw OutOfRange(label, i, classCount, nameof(labels));
        }

        for (var i = 0; i < result.Length; i++)
            if (result[i] < 0 || result[i] >= limit)
                throw OutOfRange(result[i], i, classCount, nameof(labels));
        return result;
    }

    private static torch.Tensor Copy(torch.Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        return labels.detach().cpu().contiguous().DetachFromDisposeScope();
    }

    private static ArgumentOutOfRangeException OutOfRange(long label, int index, int? classCount, string parameter) => new(
        parameter,
        label,
        classCount is { } count
            ? $"Label {label} of sample {index} is not in [0, {count})."
            : $"Label {label} of sample {index} is not in [0, {MaxClassCount}); for more classes set the class count.");
}
