using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Finds the libtorch that TorchSharp runs on.</summary>
internal static class NativeTorchLibrary
{
    /// <summary>Looks the functions up in the library that is loaded; never loads another one.</summary>
    public static (NativeTorch? Found, string? Reason) Load()
    {
        // TorchSharp loads its libraries at its first use.
        torch.InitializeDeviceType(DeviceType.CPU);
        return Exports() is { } find ? NativeTorch.Load(find) : (null, "the loaded libtorch_cpu was not found");
    }

    /// <summary>An export of TorchSharp's own native library; 0 if there is none.</summary>
    public static nint TorchSharpExport(string name) =>
        NativeLibrary.TryLoad("LibTorchSharp", typeof(torch).Assembly, null, out var library)
        && NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : 0;

    private static Func<string, nint>? Exports()
    {
        // On Linux and macOS an export is looked for in a library and in those that it was linked with: the very libtorch that TorchSharp
        // calls.
        if (TorchSharpExport("aoti_torch_abi_version") != 0)
            return TorchSharpExport;
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
            if (Path.GetFileNameWithoutExtension(module.ModuleName) is "torch_cpu" or "libtorch_cpu"
                && NativeLibrary.TryLoad(module.FileName, out var library))
                return name => NativeLibrary.TryGetExport(library, name, out var address) ? address : 0;
        return null;
    }
}
