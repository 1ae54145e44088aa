using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A parameter of the tail that is cut off, and what the optimizers had of it.</summary>
internal sealed class LeavingParameter(nn.Module module, string name, Parameter parameter)
{
    private readonly List<DetachedParameter> _detached = [];
    private readonly bool _wasTrained = parameter.requires_grad;
    private long[]? _freedShape;
    private bool _wasChannelsLast;

    /// <summary>The parameter as it is now: another object, where the tail was moved.</summary>
    public Parameter Parameter { get; private set; } = parameter;

    public IReadOnlyList<DetachedParameter> Detached => _detached;

    /// <summary>Whether an optimizer ever had it.</summary>
    public bool WasHeld { get; private set; }

    /// <summary>The parameters of modules, each once, except for those whose memory something that stays uses.</summary>
    public static List<LeavingParameter> Of(IEnumerable<nn.Module> leaving, IReadOnlySet<IntPtr> staying)
    {
        var seen = new HashSet<IntPtr>();
        return [.. from module in leaving
                   from entry in module.named_parameters()
                   let address = TensorStorage.Address(entry.parameter)
                   where !staying.Contains(address) && seen.Add(address)
                   select new LeavingParameter(module, entry.name, entry.parameter)];
    }

    /// <returns>Where it stood in the optimizer; null where the optimizer does not have it.</returns>
    public DetachedParameter? Leave(OptimizerHelper optimizer)
    {
        if (OptimizerDetachment.Remove(optimizer, Parameter) is not { } detached)
            return null;
        WasHeld = true;
        // A freed parameter has no use for its state.
        if (_freedShape is null)
            _detached.Add(detached);
        else
            detached.Dispose();
        return detached;
    }

    /// <summary>Forgets an optimizer, and frees what was kept for it.</summary>
    public void Forget(OptimizerHelper optimizer)
    {
        foreach (var entry in _detached.Where(entry => entry.Optimizer == optimizer))
            entry.Dispose();
        _detached.RemoveAll(entry => entry.Optimizer == optimizer);
    }

    /// <summary>Returns the parameter to the optimizers that had it and still exist; with zeros if it was freed.</summary>
    /// <param name="model">The model, which has it again.</param>
    /// <param name="present">The optimizers that were known while it was away.</param>
    /// <param name="known">The optimizers as they are now.</param>
    public void Return(nn.Module model, IReadOnlyList<OptimizerHelper> present, IReadOnlyList<OptimizerHelper> known)
    {
        var before = Parameter;
        Parameter = module.named_parameters().First(entry => entry.name == name).parameter;
        if (_freedShape is { } shape)
        {
            var values = zeros(shape, Parameter.dtype, Parameter.device);
            Parameter.set_(_wasChannelsLast ? ChannelsLast.Of(values) : values);
        }

        _freedShape = null;
        Parameter.requires_grad_(_wasTrained);
        foreach (var gone in _detached.Where(entry => !known.Contains(entry.Optimizer)))
            gone.Dispose();
        _detached.RemoveAll(entry => !known.Contains(entry.Optimizer));
        var places = !WasHeld ? []
            : _detached.Count > 0 && known.All(present.Contains) ? [.. WeightReturn.Places(_detached)]
            : WeightReturn.Choose(model, module, before, present, known);
        WeightReturn.Run(model, Parameter, before, places, _detached, isKept: true, known);
        _detached.Clear();
    }

    /// <summary>Frees the memory. Whatever still refers to the parameter, such as a list for gradient clipping, then has a zero.</summary>
    public void Free()
    {
        _detached.ForEach(entry => entry.Dispose());
        _detached.Clear();
        if (Parameter.IsInvalid)
            return;
        _freedShape ??= Parameter.shape;
        _wasChannelsLast |= ChannelsLast.Is(Parameter);
        Parameter.grad = null;
        Parameter.requires_grad_(false);
        Parameter.set_(zeros([.. Parameter.shape.Select(_ => 1L)], Parameter.dtype, Parameter.device));
    }

    /// <summary>Drops the gradient, because the parameter is no longer trained.</summary>
    public void Rest() => Parameter.grad = null;
}
