using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Lets a module that takes another's place serve its hooks.</summary>
internal static class ModuleHooks
{
    /// <summary>Gives <paramref name="to"/> the very hook tables of <paramref name="from"/>: hooks go on firing, and whoever holds a
    /// remover can still remove them.</summary>
    public static void Share<TPre, TPost>(nn.HookableModule<TPre, TPost> from, nn.HookableModule<TPre, TPost> to)
    {
        Tables<TPre, TPost>.Pre(to) = Tables<TPre, TPost>.Pre(from);
        Tables<TPre, TPost>.Post(to) = Tables<TPre, TPost>.Post(from);
        Tables<TPre, TPost>.ModulePre(to) = Tables<TPre, TPost>.ModulePre(from);
        Tables<TPre, TPost>.ModulePost(to) = Tables<TPre, TPost>.ModulePost(from);
    }

    // A generic type's private fields are reached through accessors that are generic in the same way.
    private static class Tables<TPre, TPost>
    {
        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "pre_hooks")]
        public static extern ref Dictionary<string, TPre> Pre(nn.HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "post_hooks")]
        public static extern ref Dictionary<string, TPost> Post(nn.HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_pre_hooks")]
        public static extern ref Dictionary<string, Action<nn.Module>> ModulePre(nn.HookableModule<TPre, TPost> module);

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "module_post_hooks")]
        public static extern ref Dictionary<string, Action<nn.Module>> ModulePost(nn.HookableModule<TPre, TPost> module);
    }
}
