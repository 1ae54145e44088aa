using TorchSharp;

namespace EtfNet;

/// <summary>Where tensors are.</summary>
internal static class TensorDevice
{
    /// <summary>Whether a tensor is on a device. Two of TorchSharp's objects for one device are not equal.</summary>
    public static bool Is(torch.Tensor tensor, torch.Device device) =>
        tensor.device_type == device.type && tensor.device_index == device.index;
}
