using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A parameter taken out of an optimizer, with what is needed to put it back.</summary>
/// <param name="Optimizer">The optimizer it was in.</param>
/// <param name="Group">Its group.</param>
/// <param name="Index">Its place in the group.</param>
/// <param name="State">Its state (momentum and the like), owned by this record until it is put back or disposed.</param>
internal sealed record DetachedParameter(OptimizerHelper Optimizer, ParamGroup Group, int Index, OptimizerState State) : IDisposable
{
    public void Dispose() => (State as IDisposable)?.Dispose();
}

/// <summary>Takes parameters and their state out of TorchSharp's managed optimizers, and puts them back.</summary>
internal static class OptimizerDetachment
{
    /// <summary>Checks that parameters can be taken out of an optimizer.</summary>
    /// <exception cref="NotSupportedException">The optimizer keeps its parameters in native code (LBFGS).</exception>
    public static OptimizerHelper Managed(torch.optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return optimizer as OptimizerHelper ?? throw new NotSupportedException(
            $"{optimizer.GetType().Name} keeps its parameters in native code, from where no layer can be taken out. Use one of TorchSharp's managed optimizers, such as SGD or AdamW.");
    }

    /// <summary>Checks that parameters of a model can be taken out of an optimizer, and that it has some.</summary>
    /// <exception cref="NotSupportedException">The optimizer keeps its parameters in native code (LBFGS).</exception>
    /// <exception cref="ArgumentException">It has none of the model's parameters.</exception>
    public static OptimizerHelper Managed(torch.optim.Optimizer optimizer, torch.nn.Module model, string name)
    {
        var managed = Managed(optimizer);
        var own = model.parameters().Select(parameter => parameter.Handle).ToHashSet();
        return managed.parameters().Any(parameter => own.Contains(parameter.Handle)) ? managed : throw new ArgumentException(
            $"The optimizer {managed.GetType().Name} has none of the model's parameters. Make it with model.parameters(), after the model was moved to its device.", name);
    }

    /// <summary>Takes a parameter out of each optimizer that holds it. The gradient is left alone.</summary>
    /// <remarks>A lazy parameter list becomes a list of the parameters that stay.</remarks>
    public static IReadOnlyList<DetachedParameter> Remove(IEnumerable<OptimizerHelper> optimizers, Parameter parameter)
    {
        var detached = new List<DetachedParameter>();
        foreach (var optimizer in optimizers)
        {
            foreach (var group in TorchSharpInternals.Groups(optimizer))
            {
                var all = group.Parameters.ToList();
                var index = all.FindIndex(other => other.Handle == parameter.Handle);
                if (index < 0)
                    continue;
                var states = TorchSharpInternals.State(optimizer);
                detached.Add(new DetachedParameter(optimizer, group, index, states[parameter.Handle]));
                all.RemoveAt(index);
                group.Parameters = all;
                states.Remove(parameter.Handle);
            }
        }

        return detached;
    }

    /// <summary>Puts a parameter back where it was, with the state it had; undoes <see cref="Remove"/>.</summary>
    public static void PutBack(IEnumerable<DetachedParameter> detached, Parameter parameter)
    {
        foreach (var entry in detached.Reverse())
        {
            Insert(entry, parameter);
            TorchSharpInternals.State(entry.Optimizer)[parameter.Handle] = entry.State;
        }
    }

    /// <summary>Puts a parameter, or a new one in its stead, back where it was, with the state of one that was never stepped.</summary>
    public static void PutBackFresh(IEnumerable<DetachedParameter> detached, Parameter parameter)
    {
        foreach (var entry in detached.Reverse())
        {
            // Each optimizer makes its own kind of state when a group is added, and only then: add a group of one, then take the group away.
            entry.Optimizer.add_param_group((ParamGroup)CreateGroup(entry.Group, parameter));
            var groups = TorchSharpInternals.Groups(entry.Optimizer);
            groups.RemoveAt(groups.Count - 1);
            foreach (var tensor in OptimizerStateTensors.Of(TorchSharpInternals.State(entry.Optimizer)[parameter.Handle]))
                tensor.DetachFromDisposeScope();
            Insert(entry, parameter);
        }
    }

    private static void Insert(DetachedParameter entry, Parameter parameter)
    {
        var all = entry.Group.Parameters.ToList();
        all.Insert(Math.Min(entry.Index, all.Count), parameter);
        entry.Group.Parameters = all;
    }

    private static object CreateGroup(ParamGroup like, Parameter parameter)
    {
        var group = Activator.CreateInstance(like.GetType())!;
        ((ParamGroup)group).Parameters = [parameter];
        return group;
    }
}
