using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Checks class labels before anything changes.</summary>
internal static class LabelReader
{
    /// <summary>Without a class count, labels at or above this are taken for a mistake.</summary>
    public const int MaxClassCount = 1 << 20;

    /// <summary>Stands for a row without a label.</summary>
    public const int NoLabel = -1;

    /// <summary>Checks that the tensor holds class indices: int64 or int32, one dimension.</summary>
    public static void CheckForm(torch.Tensor labels)
    {
        CheckType(labels);
        if (labels.dim() > 1)
            throw new ArgumentException(
                $"The labels have shape ({string.Join(", ", labels.shape)}); wanted (samples), one class index each. {Advice(labels)}"
                    .TrimEnd(),
                nameof(labels));
    }

    /// <summary>Checks that the tensor holds class indices, whatever its dimensions.</summary>
    public static void CheckType(torch.Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.dim() == 0)
            throw new ArgumentException("The labels are a scalar; wanted shape (samples).", nameof(labels));
        if (labels.dtype is torch.ScalarType.Int64 or torch.ScalarType.Int32)
            return;
        var shape = string.Join(", ", labels.shape);
        var what = $"The labels are {labels.dtype} of shape ({shape}); wanted class indices of type Int64 or Int32.";
        throw new ArgumentException(
            !torch.is_floating_point(labels) ? what + " If they are class indices, pass labels.to(ScalarType.Int64)."
            : labels.dim() > 1 && labels.shape[^1] > 1
                ? what + " Soft labels (mixup, distillation) have no single class per sample: exclude such forwards with Suspend(), and "
                    + "observe forwards of unmixed samples."
                : what + " The targets of a regression have no classes.",
            nameof(labels));
    }

    /// <summary>
    /// What to do with integer labels of several dimensions that do not fit; empty where nothing can be said. Looks at the values: for
    /// errors only.
    /// </summary>
    public static string Advice(torch.Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        if (labels.dim() != 2)
            return "";
        if (labels.shape[1] == 1)
            return "Pass labels.squeeze(1).";
        var values = labels.detach();
        if (labels.shape[0] == 0 || !values.eq(0).logical_or(values.eq(1)).all().item<bool>())
            return "";
        return values.sum(1).eq(1).all().item<bool>()
            ? "If these rows are one-hot, pass labels.argmax(1)."
            : "If they mark several classes per sample (multi-label), no single class mean should be nearest: observe one "
                + "task's classes at a time.";
    }

    /// <summary>The labels as numbers, each in <c>[0, classCount)</c>; read from whatever device they are on.</summary>
    /// <param name="labels">One dimension.</param>
    /// <param name="classCount">The number of classes, where it is known.</param>
    /// <param name="ignoreIndex">What marks a row without a label, read as <see cref="NoLabel"/>; null for none.</param>
    public static int[] Read(torch.Tensor labels, int? classCount, long? ignoreIndex = null)
    {
        CheckForm(labels);
        // Most labels lie in plain memory already.
        using var copy = labels.device_type == DeviceType.CPU && labels.is_contiguous() ? null : Copy(labels);
        var here = copy ?? labels;
        var limit = classCount ?? MaxClassCount;
        var result = new int[here.size(0)];
        if (here.dtype == torch.ScalarType.Int32)
        {
            var narrow = MemoryMarshal.Cast<byte, int>(here.bytes);
            for (var i = 0; i < result.Length; i++)
                result[i] = Checked(narrow[i], i);
        }
        else
        {
            var wide = MemoryMarshal.Cast<byte, long>(here.bytes);
            for (var i = 0; i < result.Length; i++)
                result[i] = Checked(wide[i], i);
        }

        return result;

        int Checked(long label, int index) =>
            label == ignoreIndex ? NoLabel
            : label >= 0 && label < limit ? (int)label
            : throw OutOfRange(label, index, classCount, nameof(labels));
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
