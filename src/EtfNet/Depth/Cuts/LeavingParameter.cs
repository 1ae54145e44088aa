using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A parameter of the tail that is cut off, and what the optimizers had of it.</summary>
internal sealed class LeavingParameter(nn.Module module, string name, Parameter parameter)
{
    private readonly List<DetachedParameter> _detached = [];
    private bool _wasTrained = parameter.requires_grad;

    /// <summary>The parameter as it is now: another object, where the tail was moved.</summary>
    public Parameter Parameter { get; private set; } = parameter;

    public IReadOnlyList<DetachedParameter> Detached => _detached;

    /// <summary>The parameters of modules, each once, but for those whose memory something that stays uses.</summary>
    public static List<LeavingParameter> Of(IEnumerable<nn.Module> leaving, IReadOnlySet<IntPtr> staying)
    {
        var seen = new HashSet<IntPtr>();
        return [.. from module in leaving
                   from entry in module.named_parameters()
                   let address = TensorStorage.Address(entry.parameter)
                   where !staying.Contains(address) && seen.Add(address)
                   select new LeavingParameter(module, entry.name, entry.parameter)];
    }

    public void Leave(OptimizerHelper optimizer)
    {
        if (OptimizerDetachment.Remove(optimizer, Parameter) is { } detached)
            _detached.Add(detached);
    }

    /// <summary>Comes back to the optimizers that had it, those that are no more left out.</summary>
    public void Return(nn.Module model, IReadOnlyList<OptimizerHelper> known)
    {
        var before = Parameter;
        Parameter = module.named_parameters().First(entry => entry.name == name).parameter;
        Parameter.requires_grad_(_wasTrained);
        foreach (var gone in _detached.Where(entry => !known.Contains(entry.Optimizer)))
            gone.Dispose();
        _detached.RemoveAll(entry => !known.Contains(entry.Optimizer));
        WeightReturn.Run(model, Parameter, before, [.. WeightReturn.Places(_detached)], _detached, isKept: true, known);
        _detached.Clear();
    }

    /// <summary>Frees the memory. Whoever still holds the parameter, in a list for gradient clipping say, holds a zero.</summary>
    public void Free()
    {
        _detached.ForEach(entry => entry.Dispose());
        _detached.Clear();
        if (Parameter.IsInvalid)
            return;
        Parameter.grad = null;
        Parameter.requires_grad_(false);
        Parameter.set_(zeros([.. Parameter.shape.Select(_ => 1L)], Parameter.dtype, Parameter.device));
    }

    /// <summary>It is trained no more: no gradient is kept.</summary>
    public void Rest() => Parameter.grad = null;
}
