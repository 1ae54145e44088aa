using TorchSharp;

namespace EtfNet;

/// <summary>
/// The functions of TorchSharp's native library behind its custom autograd functions, called without what TorchSharp puts around them.
/// </summary>
/// <remarks>
/// Signatures are those of TorchSharp 0.107's <c>THSAutograd.h</c>; they are no public interface, so another version of TorchSharp is
/// left alone and its managed functions do the work.
/// </remarks>
internal sealed unsafe class NativeAutograd
{
    private const int Major = 0, Minor = 107;

    private static readonly Lazy<NativeAutograd?> s_loaded = new(
        () => Load(typeof(torch).Assembly.GetName().Version, NativeTorchLibrary.TorchSharpExport));

    [ThreadStatic]
    private static bool s_isForcedAway;

    private NativeAutograd(Func<string, nint> export)
    {
        NewNode = (delegate* unmanaged[Cdecl]<nint, nint, NodePointers>)export("THSAutograd_CSharpNode_ctor");
        SetNextEdges = (delegate* unmanaged[Cdecl]<NodePointers, TensorArray, byte, void>)export("THSAutograd_CSharpNode_setNextEdges");
        ClearInputMetadata = (delegate* unmanaged[Cdecl]<NodePointers, void>)export("THSAutograd_CSharpNode_clearInputMetadata");
        DisposeShared = (delegate* unmanaged[Cdecl]<NodePointers, void>)export("THSAutograd_CSharpNode_disposeSharedPtr");
        DisposeWeak = (delegate* unmanaged[Cdecl]<NodePointers, void>)export("THSAutograd_CSharpNode_disposeWeakPtr");
        WrapOutputs =
            (delegate* unmanaged[Cdecl]<
                TensorArray, TensorArray, TensorArray, TensorArray, NodePointers, delegate* unmanaged[Cdecl]<nuint, nint*>, void>)
            export("THSAutograd_Function_wrapOutputs");
        TakeError = (delegate* unmanaged[Cdecl]<byte*>)export("THSTorch_get_and_reset_last_err");
    }

    /// <summary>Gets the functions; null where they are missing or TorchSharp is of another version.</summary>
    public static NativeAutograd? Current => s_isForcedAway || NativeTorch.Current is null ? null : s_loaded.Value;

    /// <summary>
    /// <c>CSharpNodePtr THSAutograd_CSharpNode_ctor(TensorArray (*applyFunc)(Tensor*, int size), void (*managedDeleteNode)())</c>
    /// </summary>
    public delegate* unmanaged[Cdecl]<nint, nint, NodePointers> NewNode { get; }

    /// <summary><c>void THSAutograd_CSharpNode_setNextEdges(CSharpNodePtr node, TensorArray vars_, bool is_executable)</c></summary>
    public delegate* unmanaged[Cdecl]<NodePointers, TensorArray, byte, void> SetNextEdges { get; }

    /// <summary><c>void THSAutograd_CSharpNode_clearInputMetadata(CSharpNodePtr node)</c></summary>
    public delegate* unmanaged[Cdecl]<NodePointers, void> ClearInputMetadata { get; }

    /// <summary><c>void THSAutograd_CSharpNode_disposeSharedPtr(CSharpNodePtr node)</c></summary>
    public delegate* unmanaged[Cdecl]<NodePointers, void> DisposeShared { get; }

    /// <summary><c>void THSAutograd_CSharpNode_disposeWeakPtr(CSharpNodePtr node)</c></summary>
    public delegate* unmanaged[Cdecl]<NodePointers, void> DisposeWeak { get; }

    /// <summary>
    /// <c>void THSAutograd_Function_wrapOutputs(TensorArray vars_, TensorArray nonDiff_, TensorArray dirty_, TensorArray outputs_,
    /// CSharpNodePtr node, Tensor* (*allocator)(size_t length))</c>
    /// </summary>
    public delegate* unmanaged[Cdecl]<
        TensorArray, TensorArray, TensorArray, TensorArray, NodePointers, delegate* unmanaged[Cdecl]<nuint, nint*>, void>
        WrapOutputs
    {
        get;
    }

    /// <summary><c>const char* THSTorch_get_and_reset_last_err()</c>: null where the last call went well.</summary>
    public delegate* unmanaged[Cdecl]<byte*> TakeError { get; }

    /// <summary>The functions of a library.</summary>
    /// <param name="version">TorchSharp's.</param>
    /// <param name="find">The address of an export; 0 if there is none.</param>
    public static NativeAutograd? Load(Version? version, Func<string, nint> find)
    {
        if (version is not { Major: Major, Minor: Minor })
            return null;
        var isWhole = true;
        var autograd = new NativeAutograd(name =>
        {
            var address = find(name);
            isWhole &= address != 0;
            return address;
        });
        return isWhole ? autograd : null;
    }

    /// <summary>Lets the calling thread work without these functions: how a test sees what another version of TorchSharp does.</summary>
    /// <returns>What ends it.</returns>
    public static IDisposable ForceAway()
    {
        var before = s_isForcedAway;
        s_isForcedAway = true;
        return new Restoration(() => s_isForcedAway = before);
    }
}
