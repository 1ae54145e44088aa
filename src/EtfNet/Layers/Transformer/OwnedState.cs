using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Takes a new module's state out of the scopes that are open while it is made.</summary>
internal static class OwnedState
{
    /// <param name="module">A module whose components are registered.</param>
    /// <param name="device">Where it is to be; null: the CPU. Moved, not made there: the module's own record of its device follows only a
    /// move.</param>
    public static void Keep(nn.Module module, Device? device)
    {
        if (device is not null && device.type != DeviceType.CPU)
            module.to(device);
        foreach (var parameter in module.parameters())
            parameter.DetachFromDisposeScope();
        foreach (var buffer in module.buffers())
            buffer.DetachFromDisposeScope();
    }
}
