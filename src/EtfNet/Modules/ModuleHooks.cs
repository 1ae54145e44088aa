using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;
using Hookable = TorchSharp.torch.nn.HookableModule<
    System.Func<TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
    System.Func<TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>>;
using PostHook = System.Func<TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;
using PreHook = System.Func<TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace EtfNet;

/// <summary>Lets a module that takes another's place serve its hooks.</summary>
internal static class ModuleHooks
{
    /// <summary>Gives <paramref name="to"/> the very hook tables of <paramref name="from"/>: hooks go on firing, and whoever holds a remover can still remove them.</summary>
    public static void Share(nn.Module<Tensor, Tensor> from, nn.Module<Tensor, Tensor> to)
    {
        PreHooks(to) = PreHooks(from);
        PostHooks(to) = PostHooks(from);
        ModulePreHooks(to) = ModulePreHooks(from);
        ModulePostHooks(to) = ModulePostHooks(from);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "pre_hooks")]
    private static extern ref Dictionary<string, PreHook> PreHooks(Hookable module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "post_hooks")]
    private static extern ref Dictionary<string, PostHook> PostHooks(Hookable module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_pre_hooks")]
    private static extern ref Dictionary<string, Action<nn.Module>> ModulePreHooks(Hookable module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_post_hooks")]
    private static extern ref Dictionary<string, Action<nn.Module>> ModulePostHooks(Hookable module);
}
