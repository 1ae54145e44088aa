using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Tensors of the monitor's own on a device.</summary>
internal static class DeviceCopy
{
    /// <summary>Whether a tensor is on a device. Two objects of TorchSharp's for one device are not equal.</summary>
    public static bool IsOn(Tensor tensor, Device device) => tensor.device_type == device.type && tensor.device_index == device.index;

    /// <summary>A contiguous copy on a device, detached from all dispose scopes.</summary>
    public static Tensor Of(Tensor values, Device device) => values.to(device, copy: true).contiguous().DetachFromDisposeScope();
}
