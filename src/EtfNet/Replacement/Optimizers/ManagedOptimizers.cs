using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Checks optimizers before anything is changed.</summary>
internal static class ManagedOptimizers
{
    /// <summary>Checks that parameters can be taken out of an optimizer.</summary>
    /// <exception cref="NotSupportedException">The optimizer keeps its parameters in native code (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public static OptimizerHelper Require(torch.optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        var name = optimizer.GetType().Name;
        if (optimizer is not OptimizerHelper managed)
            throw new NotSupportedException(
                $"{name} keeps its parameters in native code, so no layer can be removed from it. "
                + "Use one of TorchSharp's managed optimizers, such as SGD or AdamW.");
        return OptimizerStates.IsDisposed(managed)
            ? throw new ObjectDisposedException(name, $"The optimizer {name} was disposed. Pass one that trains the model.")
            : managed;
    }

    /// <summary>Checks that parameters of a model can be taken out of an optimizer, and that it has some.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="model">The model.</param>
    /// <param name="more">Parameters that count as the model's too: weights of layers that are fixed.</param>
    /// <param name="argument">The name of the caller's argument.</param>
    /// <exception cref="NotSupportedException">The optimizer keeps its parameters in native code (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="ArgumentException">It has none of the model's parameters.</exception>
    public static OptimizerHelper Require(
        torch.optim.Optimizer optimizer, torch.nn.Module model, IEnumerable<Parameter> more, string argument)
    {
        var managed = Require(optimizer);
        var own = Handles(model.parameters().Concat(more));
        if (!own.Overlaps(Handles(managed.parameters())))
            throw new ArgumentException(
                $"The optimizer {managed.GetType().Name} has none of the model's parameters. "
                + "Make it with model.parameters(), after the model was moved to its device and type.", argument);
        return managed;

        static HashSet<IntPtr> Handles(IEnumerable<Parameter> parameters) =>
            [.. parameters.Where(parameter => !parameter.IsInvalid).Select(parameter => parameter.Handle)];
    }
}
