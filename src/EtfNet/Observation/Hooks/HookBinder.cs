using System.Collections;
using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Takes a module's first input and its result.</summary>
internal delegate void ResultSink(object? input, object? result);

/// <summary>Hooks on modules of one to six inputs of any type, and any result. They change nothing of either.</summary>
internal static class HookBinder
{
    /// <summary>Runs <paramref name="sink"/> on the inputs before each call; null where the module has no hooks.</summary>
    public static BoundHook? Before(nn.Module module, Action<object?[]> sink) => Bind(module, nameof(Before), sink);

    /// <summary>
    /// Runs <paramref name="sink"/> on the first input and the result after each call; null where the module has no hooks.
    /// </summary>
    public static BoundHook? After(nn.Module module, ResultSink sink) =>
        module is nn.Module<Tensor, Tensor> plain ? After(plain, sink) : Bind(module, nameof(After), sink);

    private static BoundHook? Bind(nn.Module module, string name, Delegate sink)
    {
        for (var type = module.GetType(); type is not null; type = type.BaseType)
            if (type.IsGenericType && type.Assembly == typeof(nn.Module).Assembly
                && type.Name.StartsWith("Module`", StringComparison.Ordinal))
            {
                var arguments = type.GetGenericArguments();
                return (BoundHook?)typeof(HookBinder)
                    .GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
                    .FirstOrDefault(
                        method => method.Name == name && method.IsGenericMethodDefinition
                            && method.GetGenericArguments().Length == arguments.Length)?
                    .MakeGenericMethod(arguments)
                    .Invoke(null, [module, sink]);
            }

        return null;
    }

    private static BoundHook Bound(nn.Module module, Delegate hook, Action remove, bool before)
    {
        var tables = HookTables.Of(module)!;
        return new BoundHook(hook, before ? () => tables.Pre : () => tables.Post, remove);
    }

    // A hook that gives null leaves things as they are; where a type has no null, it gives what it got.
    private static T Same<T>(T value) => default(T) is null ? default! : value;

    private static BoundHook Before<T, TResult>(nn.Module<T, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T, TResult>, T, T> hook = (_, input) =>
        {
            sink([input]);
            return Same(input);
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook Before<T1, T2, TResult>(nn.Module<T1, T2, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T1, T2, TResult>, T1, T2, (T1, T2)?> hook = (_, a, b) =>
        {
            sink([a, b]);
            return null;
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook Before<T1, T2, T3, TResult>(nn.Module<T1, T2, T3, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?> hook = (_, a, b, c) =>
        {
            sink([a, b, c]);
            return null;
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook Before<T1, T2, T3, T4, TResult>(nn.Module<T1, T2, T3, T4, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, (T1, T2, T3, T4)?> hook = (_, a, b, c, d) =>
        {
            sink([a, b, c, d]);
            return null;
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook Before<T1, T2, T3, T4, T5, TResult>(nn.Module<T1, T2, T3, T4, T5, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, (T1, T2, T3, T4, T5)?> hook = (_, a, b, c, d, e) =>
        {
            sink([a, b, c, d, e]);
            return null;
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook Before<T1, T2, T3, T4, T5, T6, TResult>(
        nn.Module<T1, T2, T3, T4, T5, T6, TResult> module, Action<object?[]> sink)
    {
        Func<nn.Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, (T1, T2, T3, T4, T5, T6)?> hook = (_, a, b, c, d, e, f) =>
        {
            sink([a, b, c, d, e, f]);
            return null;
        };
        return Bound(module, hook, module.register_forward_pre_hook(hook).remove, before: true);
    }

    private static BoundHook After<T, TResult>(nn.Module<T, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T, TResult>, T, TResult, TResult> hook = (_, input, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }

    private static BoundHook After<T1, T2, TResult>(nn.Module<T1, T2, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T1, T2, TResult>, T1, T2, TResult, TResult> hook = (_, input, _, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }

    private static BoundHook After<T1, T2, T3, TResult>(nn.Module<T1, T2, T3, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult> hook = (_, input, _, _, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }

    private static BoundHook After<T1, T2, T3, T4, TResult>(nn.Module<T1, T2, T3, T4, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T1, T2, T3, T4, TResult>, T1, T2, T3, T4, TResult, TResult> hook = (_, input, _, _, _, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }

    private static BoundHook After<T1, T2, T3, T4, T5, TResult>(nn.Module<T1, T2, T3, T4, T5, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T1, T2, T3, T4, T5, TResult>, T1, T2, T3, T4, T5, TResult, TResult> hook = (_, input, _, _, _, _, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }

    private static BoundHook After<T1, T2, T3, T4, T5, T6, TResult>(nn.Module<T1, T2, T3, T4, T5, T6, TResult> module, ResultSink sink)
    {
        Func<nn.Module<T1, T2, T3, T4, T5, T6, TResult>, T1, T2, T3, T4, T5, T6, TResult, TResult> hook = (
            _, input, _, _, _, _, _, result) =>
        {
            sink(input, result);
            return Same(result);
        };
        return Bound(module, hook, module.register_forward_hook(hook).remove, before: false);
    }
}
