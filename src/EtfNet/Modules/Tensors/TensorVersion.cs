using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet;

/// <summary>How often a tensor's storage was written in place, and where it lies: libtorch knows both, TorchSharp shows neither.</summary>
/// <remarks>
/// Read by libtorch's plain C functions, which take TorchSharp's own handles. Where they cannot be found (another libtorch, another
/// system), nothing is known, and callers do without.
/// </remarks>
internal static class TensorVersion
{
    private static readonly Exports? Native = Exports.Find();

    /// <summary>The version of a tensor's storage; views share it. Null where it is not known: inference tensors have none.</summary>
    public static long? Of(torch.Tensor tensor) =>
        Native is not { } native || native.Read(tensor, native.IsInference) is not 0 ? null : (long?)native.Read(tensor, native.Version);

    /// <summary>The address of a tensor's first element; zero where it is not known.</summary>
    public static IntPtr Address(torch.Tensor tensor) => Native?.Address(tensor) ?? IntPtr.Zero;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int OneHandle(IntPtr tensor, out IntPtr result);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int CallOperator(IntPtr name, IntPtr overload, ref ulong stack);

    private sealed class Exports
    {
        private readonly OneHandle _newHandle;
        private readonly OneHandle _address;
        private readonly CallOperator _call;
        private readonly IntPtr _noOverload = Marshal.StringToCoTaskMemUTF8("");

        private Exports(IntPtr newHandle, IntPtr address, IntPtr call)
        {
            _newHandle = Marshal.GetDelegateForFunctionPointer<OneHandle>(newHandle);
            _address = Marshal.GetDelegateForFunctionPointer<OneHandle>(address);
            _call = Marshal.GetDelegateForFunctionPointer<CallOperator>(call);
        }

        public IntPtr IsInference { get; } = Marshal.StringToCoTaskMemUTF8("aten::is_inference");

        public IntPtr Version { get; } = Marshal.StringToCoTaskMemUTF8("aten::_version");

        public static Exports? Find()
        {
            // The first tensor loads libtorch; before, it is not among the process's modules.
            using var first = torch.zeros(1);
            using var process = Process.GetCurrentProcess();
            var library = process.Modules.Cast<ProcessModule>().FirstOrDefault(
                module => module.ModuleName.Contains("torch_cpu", StringComparison.Ordinal));
            return library is not null && NativeLibrary.TryLoad(library.FileName, out var torchCpu)
                && NativeLibrary.TryGetExport(torchCpu, "aoti_torch_new_tensor_handle", out var newHandle)
                && NativeLibrary.TryGetExport(torchCpu, "aoti_torch_get_data_ptr", out var address)
                && NativeLibrary.TryGetExport(torchCpu, "aoti_torch_call_dispatcher", out var call)
                ? new Exports(newHandle, address, call)
                : null;
        }

        /// <summary>
        /// The number that an operator of one tensor gives; null where the call failed. The operator consumes a handle of its own.
        /// </summary>
        public ulong? Read(torch.Tensor tensor, IntPtr name)
        {
            if (_newHandle(tensor.Handle, out var handle) != 0)
                return null;
            var stack = (ulong)handle;
            return _call(name, _noOverload, ref stack) == 0 ? stack : null;
        }

        public IntPtr Address(torch.Tensor tensor) => _address(tensor.Handle, out var address) == 0 ? address : IntPtr.Zero;
    }
}
