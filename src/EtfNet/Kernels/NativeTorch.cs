namespace EtfNet;

/// <summary>The plain C functions of the loaded libtorch that the kernels need.</summary>
/// <remarks>
/// Signatures are those of libtorch 2.10's headers, in the comments below: <c>torch/csrc/stable/c/shim.h</c> (names in <c>torch_</c>,
/// since 2.10) and <c>torch/csrc/inductor/aoti_torch/c/shim.h</c> (names in <c>aoti_torch_</c>), both of which promise not to change within
/// a major version. <c>AtenTensorHandle</c> is an <c>at::Tensor*</c>, which is what a TorchSharp tensor's handle is. Functions that give an
/// <c>AOTITorchError</c> give 0 on success; a failure is also written to the standard error by libtorch, so the kernels check what they
/// pass before they call.
/// </remarks>
internal sealed unsafe class NativeTorch
{
    private const int Major = 2, LeastMinor = 10;

    private static readonly Lazy<(NativeTorch? Found, string? Reason)> s_loaded = new(() => NativeTorchLibrary.Load());

    [ThreadStatic]
    private static (NativeTorch? Torch, bool IsSet) s_forced;

    private NativeTorch(Func<string, nint> export)
    {
        ParallelFor =
            (delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, void*, void>, void*, int>)
            export("torch_parallel_for");
        ConstDataPtr = (delegate* unmanaged[Cdecl]<nint, void**, int>)export("torch_get_const_data_ptr");
        MutableDataPtr = (delegate* unmanaged[Cdecl]<nint, void**, int>)export("torch_get_mutable_data_ptr");
        Dim = (delegate* unmanaged[Cdecl]<nint, long*, int>)export("aoti_torch_get_dim");
        Sizes = (delegate* unmanaged[Cdecl]<nint, long**, int>)export("aoti_torch_get_sizes");
        Strides = (delegate* unmanaged[Cdecl]<nint, long**, int>)export("aoti_torch_get_strides");
        Dtype = (delegate* unmanaged[Cdecl]<nint, int*, int>)export("aoti_torch_get_dtype");
        DeviceType = (delegate* unmanaged[Cdecl]<nint, int*, int>)export("aoti_torch_get_device_type");
        Layout = (delegate* unmanaged[Cdecl]<nint, int*, int>)export("aoti_torch_get_layout");
        EmptyStrided = (delegate* unmanaged[Cdecl]<long, long*, long*, int, int, int, nint*, int>)export("aoti_torch_empty_strided");
        NewHandle = (delegate* unmanaged[Cdecl]<nint, nint*, int>)export("aoti_torch_new_tensor_handle");
        DeleteHandle = (delegate* unmanaged[Cdecl]<nint, int>)export("aoti_torch_delete_tensor_object");
    }

    /// <summary>
    /// Gets the functions; null where they are missing or of another version: the kernels then leave the work to tensor operations.
    /// </summary>
    public static NativeTorch? Current => s_forced.IsSet ? s_forced.Torch : s_loaded.Value.Found;

    /// <summary>Gets why there are none; null if there are.</summary>
    public static string? Reason => s_loaded.Value.Reason;

    /// <summary>
    /// <c>AOTITorchError torch_parallel_for(int64_t begin, int64_t end, int64_t grain_size, void (*func)(int64_t begin, int64_t end,
    /// void* ctx), void* ctx)</c>
    /// </summary>
    public delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, void*, void>, void*, int>
        ParallelFor
    {
        get;
    }

    /// <summary>
    /// <c>AOTITorchError torch_get_const_data_ptr(AtenTensorHandle tensor, const void** ret_data_ptr)</c>: borrowed, storage offset
    /// included.
    /// </summary>
    public delegate* unmanaged[Cdecl]<nint, void**, int> ConstDataPtr { get; }

    /// <summary><c>AOTITorchError torch_get_mutable_data_ptr(AtenTensorHandle tensor, void** ret_data_ptr)</c>: likewise.</summary>
    public delegate* unmanaged[Cdecl]<nint, void**, int> MutableDataPtr { get; }

    /// <summary><c>AOTITorchError aoti_torch_get_dim(AtenTensorHandle tensor, int64_t* ret_dim)</c></summary>
    public delegate* unmanaged[Cdecl]<nint, long*, int> Dim { get; }

    /// <summary><c>AOTITorchError aoti_torch_get_sizes(AtenTensorHandle tensor, int64_t** ret_sizes)</c>: borrowed.</summary>
    public delegate* unmanaged[Cdecl]<nint, long**, int> Sizes { get; }

    /// <summary><c>AOTITorchError aoti_torch_get_strides(AtenTensorHandle tensor, int64_t** ret_strides)</c>: borrowed.</summary>
    public delegate* unmanaged[Cdecl]<nint, long**, int> Strides { get; }

    /// <summary>
    /// <c>AOTITorchError aoti_torch_get_dtype(AtenTensorHandle tensor, int32_t* ret_dtype)</c>: numbers as TorchSharp's
    /// <c>ScalarType</c>.
    /// </summary>
    public delegate* unmanaged[Cdecl]<nint, int*, int> Dtype { get; }

    /// <summary>
    /// <c>AOTITorchError aoti_torch_get_device_type(AtenTensorHandle tensor, int32_t* ret_device_type)</c>: 0 for the CPU.
    /// </summary>
    public delegate* unmanaged[Cdecl]<nint, int*, int> DeviceType { get; }

    /// <summary><c>AOTITorchError aoti_torch_get_layout(AtenTensorHandle tensor, int32_t* ret_layout)</c>: 0 for strided.</summary>
    public delegate* unmanaged[Cdecl]<nint, int*, int> Layout { get; }

    /// <summary>
    /// <c>AOTITorchError aoti_torch_empty_strided(int64_t ndim, const int64_t* sizes_ptr, const int64_t* strides_ptr, int32_t dtype,
    /// int32_t device_type, int32_t device_index, AtenTensorHandle* ret_new_tensor)</c>: a new reference.
    /// </summary>
    public delegate* unmanaged[Cdecl]<long, long*, long*, int, int, int, nint*, int> EmptyStrided { get; }

    /// <summary>
    /// <c>AOTITorchError aoti_torch_new_tensor_handle(AtenTensorHandle orig_handle, AtenTensorHandle* new_handle)</c>: a new reference.
    /// </summary>
    public delegate* unmanaged[Cdecl]<nint, nint*, int> NewHandle { get; }

    /// <summary><c>AOTITorchError aoti_torch_delete_tensor_object(AtenTensorHandle tensor)</c></summary>
    public delegate* unmanaged[Cdecl]<nint, int> DeleteHandle { get; }

    /// <summary>The functions of a library.</summary>
    /// <param name="find">The address of an export; 0 if there is none.</param>
    public static (NativeTorch? Found, string? Reason) Load(Func<string, nint> find)
    {
        // uint64_t aoti_torch_abi_version(): major, minor and patch in the three highest bytes.
        var version = (delegate* unmanaged[Cdecl]<ulong>)find("aoti_torch_abi_version");
        if (version == null)
            return (null, "libtorch has no aoti_torch_abi_version");
        var (major, minor) = ((int)(version() >> 56), (int)(version() >> 48 & 0xFF));
        if (major != Major || minor < LeastMinor)
            return (null, $"libtorch's C interface is of version {major}.{minor}; wanted {Major}.{LeastMinor} or a later {Major}.x");

        string? missing = null;
        var torch = new NativeTorch(name =>
        {
            var address = find(name);
            if (address == 0)
                missing ??= name;
            return address;
        });
        return missing is null ? (torch, null) : (null, $"libtorch has no {missing}");
    }

    /// <summary>Lets the calling thread work with other functions, or with none: how a test sees what a system without them does.</summary>
    /// <returns>What ends it.</returns>
    public static IDisposable Force(NativeTorch? torch)
    {
        var before = s_forced;
        s_forced = (torch, true);
        return new Restoration(() => s_forced = before);
    }
}
