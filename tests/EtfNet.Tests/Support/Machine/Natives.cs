namespace EtfNet.Tests.Support;

/// <summary>Which native functions a test lets its thread have.</summary>
public enum Natives
{
    /// <summary>All: kernels, and nodes of this library's own in autograd's graph.</summary>
    All,

    /// <summary>As with another version of TorchSharp: kernels inside TorchSharp's custom functions.</summary>
    NoNodes,

    /// <summary>As with another version of libtorch: tensor operations alone.</summary>
    NoKernels,
}

/// <summary>Takes native functions away from the calling thread.</summary>
internal static class NativesExtensions
{
    public static IDisposable? Force(this Natives natives) => natives switch
    {
        Natives.NoNodes => NativeAutograd.ForceAway(),
        Natives.NoKernels => NativeTorch.Force(null),
        _ => null,
    };
}
