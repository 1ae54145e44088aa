using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Watches the calls of a model that takes one to three tensors, and calls it again with the same ones, whatever it returns.</summary>
internal sealed class ModelCalls : IDisposable
{
    private readonly Action _unhook;

    private ModelCalls(Func<Tensor?[], Tensor?> replay, Action unhook)
    {
        Replay = replay;
        _unhook = unhook;
    }

    /// <summary>Calls the model again and gives its result, or the first tensor of it, if any; both are left to the open dispose scope.</summary>
    public Func<Tensor?[], Tensor?> Replay { get; }

    /// <summary>Attaches to a model; null where its inputs are not tensors alone.</summary>
    /// <param name="model">The model.</param>
    /// <param name="before">Called with the inputs before each call.</param>
    /// <param name="after">Called after each call that did not throw.</param>
    public static ModelCalls? Attach(nn.Module model, Action<Tensor?[]> before, Action after)
    {
        for (var type = model.GetType(); type is not null; type = type.BaseType)
        {
            if (!type.IsGenericType || type.Assembly != typeof(nn.Module).Assembly)
                continue;
            var arguments = type.GetGenericArguments();
            var inputs = arguments.Length - 1;
            if (inputs is < 1 or > 3 || arguments[..inputs].Any(argument => argument != typeof(Tensor)))
                continue;
            var attach = typeof(ModelCalls).GetMethod("Attach" + inputs, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(arguments[inputs]);
            return (ModelCalls)attach.Invoke(null, [model, before, after])!;
        }

        return null;
    }

    public void Dispose() => _unhook();

    private static Tensor? First(object? result) => result switch
    {
        Tensor tensor => tensor,
        ITuple { Length: > 0 } tuple => First(tuple[0]),
        _ => null,
    };

    private static ModelCalls Attach1<TResult>(nn.Module<Tensor, TResult> model, Action<Tensor?[]> before, Action after)
    {
        var pre = model.register_forward_pre_hook((_, x) =>
        {
            before([x]);
            return null!;
        });
        var post = model.register_forward_hook((Action<nn.Module>)(_ => after()));
        return new ModelCalls(inputs => First(model.call(inputs[0]!)), () =>
        {
            pre.remove();
            post.remove();
        });
    }

    private static ModelCalls Attach2<TResult>(nn.Module<Tensor, Tensor, TResult> model, Action<Tensor?[]> before, Action after)
    {
        var pre = model.register_forward_pre_hook((_, x, y) =>
        {
            before([x, y]);
            return null;
        });
        var post = model.register_forward_hook((Action<nn.Module>)(_ => after()));
        return new ModelCalls(inputs => First(model.call(inputs[0]!, inputs[1]!)), () =>
        {
            pre.remove();
            post.remove();
        });
    }

    private static ModelCalls Attach3<TResult>(nn.Module<Tensor, Tensor, Tensor, TResult> model, Action<Tensor?[]> before, Action after)
    {
        var pre = model.register_forward_pre_hook((_, x, y, z) =>
        {
            before([x, y, z]);
            return null;
        });
        var post = model.register_forward_hook((Action<nn.Module>)(_ => after()));
        return new ModelCalls(inputs => First(model.call(inputs[0]!, inputs[1]!, inputs[2]!)), () =>
        {
            pre.remove();
            post.remove();
        });
    }
}
