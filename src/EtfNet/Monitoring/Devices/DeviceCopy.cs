using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Tensors of the monitor's own on a device.</summary>
internal static class DeviceCopy
{
    /// <summary>A contiguous copy on a device, detached from all dispose scopes.</summary>
    public static Tensor Of(Tensor values, Device device) => values.to(device, copy: true).contiguous().DetachFromDisposeScope();
}
