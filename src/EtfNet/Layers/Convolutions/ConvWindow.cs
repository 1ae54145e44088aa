using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>How the kernel of a convolution moves, and the padding as it was asked for.</summary>
internal sealed record ConvWindow(PatchWindow Window, ConvPadding Padding)
{
    /// <summary>Of a convolution over maps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="ArgumentException">Padding "same" with a stride other than 1.</exception>
    public static ConvWindow Maps(
        long inChannels, ConvSize kernelSize, ConvSize stride, ConvPadding padding, ConvSize dilation, PaddingModes paddingMode)
    {
        CheckSize(kernelSize.Height, kernelSize.Width, kernelSize, nameof(kernelSize));
        CheckSize(stride.Height, stride.Width, stride, nameof(stride));
        CheckSize(dilation.Height, dilation.Width, dilation, nameof(dilation));
        var patch = Patch(inChannels, kernelSize.Height, kernelSize.Width);
        return Create(patch, 2, new Extent(stride.Height, stride.Width), new Extent(dilation.Height, dilation.Width), padding, paddingMode);
    }

    /// <summary>Of a convolution over sequences.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="ArgumentException">Padding "same" with a stride other than 1, or a padding of two numbers.</exception>
    public static ConvWindow Sequences(
        long inChannels, long kernelSize, long stride, ConvPadding padding, long dilation, PaddingModes paddingMode)
    {
        CheckSize(kernelSize, kernelSize, kernelSize, nameof(kernelSize));
        CheckSize(stride, stride, stride, nameof(stride));
        CheckSize(dilation, dilation, dilation, nameof(dilation));
        if (padding.Height != padding.Width)
            throw new ArgumentException($"A convolution over sequences takes one number as its padding, not {padding}.", nameof(padding));
        return Create(Patch(inChannels, 1, kernelSize), 1, new Extent(1, stride), new Extent(1, dilation), padding, paddingMode);
    }

    /// <summary>Of a TorchSharp layer.</summary>
    /// <exception cref="ArgumentException">A layer that no frame stands in for; the message says why.</exception>
    public static ConvWindow Of(Convolution layer)
    {
        if (Obstacle(layer) is { } obstacle)
            throw new ArgumentException($"No frame stands in for this layer: {obstacle}.", nameof(layer));
        var (kernel, stride, dilation) = (layer.kernel_size, layer.stride, layer.dilation);
        ConvPadding padding = layer.padding_type is { } type ? type
            : layer.padding is [var rows, var columns] ? (rows, columns)
            : layer.padding![0];
        var made = layer is Conv1d
            ? Sequences(layer.in_channels, kernel[0], stride[0], padding, dilation[0], layer.padding_mode)
            : Maps(
                layer.in_channels, (kernel[0], kernel[1]), (stride[0], stride[1]), padding, (dilation[0], dilation[1]), layer.padding_mode);
        if (layer.padding_mode is PaddingModes.Zeros)
            return made;
        // What the layer does, whatever it was asked for.
        var (before, after) = TorchSharpInternals.ReversedPadding(layer) switch
        {
            [var left, var right] => (new Extent(0, left), new Extent(0, right)),
            [var left, var right, var top, var bottom] => (new Extent(top, left), new Extent(bottom, right)),
            var other => throw new InvalidOperationException($"TorchSharp's convolution has {other.Length} paddings."),
        };
        return made with { Window = made.Window with { Before = before, After = after } };
    }

    /// <summary>Why no frame can stand in for a layer; null if one can.</summary>
    public static string? Obstacle(Convolution layer) => layer switch
    {
        { transposed: true } => "it is a transposed convolution",
        { groups: > 1 } when layer.groups == layer.in_channels => "it is a depthwise convolution: each output sees one channel",
        { groups: > 1 } => $"it is a convolution in {layer.groups} groups: its outputs do not all see the same patch",
        Conv1d or Conv2d => null,
        _ => $"it is a {layer.GetType().Name}: convolutions over sequences (Conv1d) and maps (Conv2d) have frames",
    };

    private static ConvWindow Create(
        PatchShape patch, int dimensions, Extent stride, Extent dilation, ConvPadding padding, PaddingModes paddingMode)
    {
        if (!Enum.IsDefined(paddingMode))
            throw new ArgumentOutOfRangeException(
                nameof(paddingMode), paddingMode, "Unknown padding mode: give Zeros, Reflect, Replicate or Circular.");
        if (padding.IsSame && stride != new Extent(1, 1))
            throw new ArgumentException(
                "Padding \"same\" keeps the size of a map, which a stride other than 1 does not: give the padding in numbers.",
                nameof(padding));
        // A constant is zero here, as in TorchSharp's layers.
        var mode = paddingMode is PaddingModes.Constant ? PaddingModes.Zeros : paddingMode;
        var side = new Extent(dimensions == 1 ? 0 : padding.Height, padding.Width);
        var (before, after) = padding.IsSame ? PatchWindow.Same(patch, dilation) : (side, side);
        return new ConvWindow(new PatchWindow(patch, dimensions, stride, dilation, before, after, mode), padding);
    }

    private static PatchShape Patch(long inChannels, long height, long width)
    {
        if (inChannels is < 1 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(inChannels), inChannels, "A convolution has at least 1 input channel.");
        return (double)inChannels * height * width <= int.MaxValue
            ? new PatchShape(inChannels, height, width)
            : throw new ArgumentOutOfRangeException(
                nameof(inChannels), inChannels, $"A patch of {inChannels} channels and a kernel of {height} x {width} is too large.");
    }

    private static void CheckSize(long height, long width, object given, string name)
    {
        if (height is < 1 or > int.MaxValue || width is < 1 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(name, given, $"Must be at least 1, and at most {int.MaxValue}.");
    }
}
