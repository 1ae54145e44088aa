using System.Reflection;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Calls a model that takes one to three tensors, whatever it returns.</summary>
internal sealed class RootCall
{
    private readonly Func<Tensor?[], object?> _call;

    private RootCall(Func<Tensor?[], object?> call) => _call = call;

    /// <summary>For a model; null where its inputs are not tensors alone.</summary>
    public static RootCall? Of(nn.Module model)
    {
        for (var type = model.GetType(); type is not null; type = type.BaseType)
        {
            if (!type.IsGenericType || type.Assembly != typeof(nn.Module).Assembly
                || !type.Name.StartsWith("Module`", StringComparison.Ordinal))
                continue;
            var arguments = type.GetGenericArguments();
            var inputs = arguments.Length - 1;
            if (inputs is < 1 or > 3 || arguments[..inputs].Any(argument => argument != typeof(Tensor)))
                return null;
            var bind = typeof(RootCall).GetMethod(
                "Bind" + inputs, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(arguments[inputs]);
            return new RootCall((Func<Tensor?[], object?>)bind.Invoke(null, [model])!);
        }

        return null;
    }

    /// <summary>Calls the model and gives its result; all of it is left to the open dispose scope.</summary>
    public object? Invoke(Tensor?[] inputs) => _call(inputs);

    private static Func<Tensor?[], object?> Bind1<TResult>(nn.Module<Tensor, TResult> model) => inputs => model.call(inputs[0]!);

    private static Func<Tensor?[], object?> Bind2<TResult>(nn.Module<Tensor, Tensor, TResult> model) =>
        inputs => model.call(inputs[0]!, inputs[1]!);

    private static Func<Tensor?[], object?> Bind3<TResult>(nn.Module<Tensor, Tensor, Tensor, TResult> model) =>
        inputs => model.call(inputs[0]!, inputs[1]!, inputs[2]!);
}
