using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Hooks on modules of any number of inputs and any result.</summary>
internal static class HookBinder
{
    /// <summary>Runs <paramref name="action"/> before each call; gives what takes the hook away, or null where the module has no hooks.</summary>
    public static Action? Before(nn.Module module, Action action)
    {
        var register = module.GetType().GetMethod("register_forward_pre_hook", [typeof(Action<nn.Module>)]);
        if (register is null)
            return null;
        var remover = register.Invoke(module, [(Action<nn.Module>)(_ => action())])!;
        return remover.GetType().GetMethod("remove")!.CreateDelegate<Action>(remover);
    }

    /// <summary>Runs <paramref name="sink"/> on the first tensor of each call's result; gives what takes the hook away, or null where the module has no hooks.</summary>
    public static Action? After(nn.Module module, Action<Tensor> sink)
    {
        if (module is nn.Module<Tensor, Tensor> plain)
            return plain.register_forward_hook((_, _, output) =>
            {
                sink(output);
                return null!;
            }).remove;

        for (var type = module.GetType(); type is not null; type = type.BaseType)
            if (type.IsGenericType && type.Namespace == "TorchSharp" && type.Name.StartsWith("Module`", StringComparison.Ordinal))
                return Bind(module, type.GetGenericArguments(), sink);
        return null;
    }

    /// <summary>The first tensor of a result: itself, or that of a tuple or list.</summary>
    public static Tensor? FirstTensor(object? result) => result switch
    {
        Tensor tensor => tensor,
        ITuple tuple => Enumerable.Range(0, tuple.Length).Select(i => FirstTensor(tuple[i])).FirstOrDefault(tensor => tensor is not null),
        IEnumerable<Tensor> tensors => tensors.FirstOrDefault(),
        _ => null,
    };

    private static Action? Bind(nn.Module module, Type[] arguments, Action<Tensor> sink) =>
        typeof(HookBinder)
            .GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .FirstOrDefault(method => method.Name == nameof(Attach) && method.GetGenericArguments().Length == arguments.Length)?
            .MakeGenericMethod(arguments)
            .Invoke(null, [module, sink]) as Action;

    private static TResult Show<TResult>(Action<Tensor> sink, TResult result)
    {
        if (FirstTensor(result) is { } tensor)
            sink(tensor);
        return result;
    }

    private static Action Attach<T, TResult>(nn.Module<T, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, result) => Show(sink, result)).remove;

    private static Action Attach<T1, T2, TResult>(nn.Module<T1, T2, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, _, result) => Show(sink, result)).remove;

    private static Action Attach<T1, T2, T3, TResult>(nn.Module<T1, T2, T3, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, _, _, result) => Show(sink, result)).remove;

    private static Action Attach<T1, T2, T3, T4, TResult>(nn.Module<T1, T2, T3, T4, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, _, _, _, result) => Show(sink, result)).remove;

    private static Action Attach<T1, T2, T3, T4, T5, TResult>(nn.Module<T1, T2, T3, T4, T5, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, _, _, _, _, result) => Show(sink, result)).remove;

    private static Action Attach<T1, T2, T3, T4, T5, T6, TResult>(nn.Module<T1, T2, T3, T4, T5, T6, TResult> module, Action<Tensor> sink) =>
        module.register_forward_hook((_, _, _, _, _, _, _, result) => Show(sink, result)).remove;
}
