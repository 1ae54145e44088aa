using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What tensors that come from outside must be, with errors that name them.</summary>
internal static class FeatureInput
{
    /// <summary>Checks features: samples x width, of a floating type, with values to read.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void Check(Tensor features, string name, long? width = null)
    {
        ArgumentNullException.ThrowIfNull(features, name);
        var wanted = width is { } known ? $"(samples, {known})" : "(samples, width)";
        if (features.dim() != 2 || features.shape[1] == 0 || (width is not null && features.shape[1] != width))
            throw new ArgumentException(
                $"'{name}' has shape {Shape(features)}; wanted {wanted}. Pool or flatten maps and sequences to one row per sample.", name);
        CheckType(features, name);
    }

    /// <summary>Checks that a tensor has a row per sample.</summary>
    /// <exception cref="ArgumentException">It has another number of rows.</exception>
    public static void CheckRows(Tensor tensor, string name, long samples)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.dim() == 0 || tensor.shape[0] != samples)
            throw new ArgumentException(
                $"'{name}' has shape {Shape(tensor)}, the features have {Words.Count(samples, "sample")}; wanted one per sample.", name);
    }

    /// <summary>Checks logits: a matrix with a row per sample.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void CheckLogits(Tensor logits, long samples)
    {
        if (logits.dim() != 2 || logits.shape[0] != samples || logits.shape[1] == 0)
            throw new ArgumentException($"'logits' has shape {Shape(logits)}; wanted ({samples}, classes).", nameof(logits));
        CheckType(logits, nameof(logits));
    }

    /// <summary>Checks a classifier: classes x width, and a bias of as many classes; both finite.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void CheckClassifier(Tensor? weight, Tensor? bias, long width)
    {
        if (weight is not null)
        {
            if (weight.dim() != 2 || weight.shape[1] != width || weight.shape[0] == 0)
                throw new ArgumentException(
                    $"'weight' has shape {Shape(weight)}; features of width {width} want (classes, {width}).", nameof(weight));
            CheckFinite(weight, nameof(weight));
        }

        if (bias is null)
            return;
        if (weight is null)
            throw new ArgumentException("A bias came without a weight: pass both, or neither.", nameof(bias));
        if (bias.dim() != 1 || bias.shape[0] != weight.shape[0])
            throw new ArgumentException(
                $"'bias' has shape {Shape(bias)}; a weight of shape {Shape(weight)} wants ({weight.shape[0]}).", nameof(bias));
        CheckFinite(bias, nameof(bias));
    }

    /// <summary>Checks that a weight has a row for each target.</summary>
    /// <exception cref="ArgumentException">It has another number of rows.</exception>
    public static void CheckOutputs(Tensor? weight, long targets)
    {
        if (weight is not null && weight.shape[0] != targets)
            throw new ArgumentException(
                $"'weight' has shape {Shape(weight)}; {targets} targets want ({targets}, {weight.shape[1]}).", nameof(weight));
    }

    /// <summary>Checks a tensor's type and values.</summary>
    /// <exception cref="ArgumentException">It is not of a floating type, or holds NaN or an infinity.</exception>
    public static void CheckFinite(Tensor tensor, string name)
    {
        CheckType(tensor, name);
        using var scope = NewDisposeScope();
        if (!tensor.detach().isfinite().all().item<bool>())
            throw new ArgumentException($"'{name}' of shape {Shape(tensor)} holds NaN or an infinity.", name);
    }

    /// <summary>The classes that logits predict, the lowest of equals; -1 for a row with NaN or an infinity.</summary>
    public static int[] Predictions(Tensor logits)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = logits.detach();
        var greatest = values.argmax(1);
        var found = where(values.isfinite().all(1), greatest, full_like(greatest, -1)).cpu();
        return Array.ConvertAll(MemoryMarshal.Cast<byte, long>(found.bytes).ToArray(), value => (int)value);
    }

    public static string Shape(Tensor tensor) => "(" + string.Join(", ", tensor.shape) + ")";

    private static void CheckType(Tensor tensor, string name)
    {
        if (!is_floating_point(tensor))
            throw new ArgumentException(
                $"'{name}' is {tensor.dtype}; wanted a floating type. Convert it with .to(ScalarType.Float32).", name);
        if (tensor.device_type == DeviceType.META)
            throw new ArgumentException($"'{name}' is on the meta device and has no values.", name);
    }
}
