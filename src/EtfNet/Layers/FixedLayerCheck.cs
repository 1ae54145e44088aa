using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Checks that frame, bias and dtype of a fixed layer go together.</summary>
internal static class FixedLayerCheck
{
    /// <exception cref="ArgumentException">The dtype is not floating point.</exception>
    public static ScalarType FloatingPoint(ScalarType dtype) =>
        is_floating_point(dtype)
            ? dtype
            : throw new ArgumentException($"A layer needs a floating point dtype, not {dtype}.", nameof(dtype));

    /// <summary>The largest norm of the rows whose products a type can hold.</summary>
    public static double LargestScale(FrameShape shape, ScalarType type) => finfo(type).max / shape.Norm;

    /// <exception cref="ArgumentOutOfRangeException">The rows are too long for the dtype.</exception>
    /// <exception cref="ArgumentException">The bias has another shape, dtype or device than the layer.</exception>
    public static void Require(SimplexEtfHeader header, Tensor? bias, ScalarType type, Device? device)
    {
        CheckScale(header.Scale, header.Shape, type);
        CheckBias(header, bias, type, device);
    }

    private static void CheckScale(double scale, FrameShape shape, ScalarType type)
    {
        if (LargestScale(shape, type) is var largest && scale > largest)
            throw new ArgumentOutOfRangeException(
                nameof(scale), scale, $"The norm of the rows is too large for {type}: at most {largest:g3} here.");
    }

    private static void CheckBias(SimplexEtfHeader header, Tensor? bias, ScalarType type, Device? device)
    {
        if (bias is null)
            return;
        var rows = header.Shape.Rows;
        if (bias.dim() != 1 || bias.shape[0] != rows)
            throw new ArgumentException(
                $"The bias has the shape {TensorCheck.Shape(bias)}; a frame of {rows} rows wants ({rows}).", nameof(bias));
        if (bias.dtype != type)
            throw new ArgumentException($"The bias is {bias.dtype}, the layer {type}: they must agree.", nameof(bias));
        if (device is not null && (bias.device_type != device.type || (device.index >= 0 && bias.device_index != device.index)))
            throw new ArgumentException($"The bias is on {bias.device}, the layer on {device}: they must agree.", nameof(bias));
    }
}
