using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A <c>Sequential</c> that calls its modules one after the other, and its own lists of them.</summary>
internal static class PlainSequential
{
    /// <summary>The module as one; null for any other module, one with a forward of its own included.</summary>
    public static Sequential? Of(nn.Module? module) =>
        module is Sequential sequential
        && sequential.GetType().GetMethod(nameof(Sequential.forward), [typeof(Tensor)])?.DeclaringType == typeof(Sequential)
            ? sequential
            : null;

    /// <summary>The modules in order, the very list.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_modules")]
    public static extern ref List<nn.IModule<Tensor, Tensor>> Modules(Sequential sequential);

    /// <summary>Their names, the very list.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_names")]
    public static extern ref List<string> Names(Sequential sequential);
}
