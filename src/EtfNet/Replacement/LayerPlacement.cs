using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The floating point type and the device that a layer computes with.</summary>
internal sealed record LayerPlacement(ScalarType Dtype, Device Device)
{
    /// <summary>Where a layer or a part of the model stands now. One that neither holds a number nor was given a type computes with those
    /// of the model.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="model">The model that holds it.</param>
    /// <param name="fallback">Taken where the model has no number either.</param>
    public static LayerPlacement Of(nn.Module layer, nn.Module model, LayerPlacement fallback) =>
        layer is SimplexEtfLayer { Dtype: { } dtype } etf ? new(dtype, etf.get_buffer(SimplexEtfLayer.FrameName)!.device)
            : FirstOf(layer) ?? FirstOf(model) ?? fallback;

    /// <summary>Where a tensor lies.</summary>
    public static LayerPlacement Of(Tensor tensor) => new(tensor.dtype, tensor.device);

    /// <summary>Whether a tensor has this type and lies on this device.</summary>
    public bool Fits(Tensor tensor) => tensor.dtype == Dtype && TensorDevice.Is(tensor, Device);

    private static LayerPlacement? FirstOf(nn.Module module) =>
        module.parameters().Concat(module.buffers()).FirstOrDefault(tensor => !tensor.IsInvalid && is_floating_point(tensor)) is { } first
            ? Of(first) : null;
}
