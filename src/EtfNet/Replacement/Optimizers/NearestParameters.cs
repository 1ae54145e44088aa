using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>
/// A model's parameters by their distance from a layer: its own first, then those before and after it in turn. What an optimizer does with
/// them says what it would do with the layer's weight.
/// </summary>
internal sealed class NearestParameters
{
    private readonly IReadOnlyList<Parameter> _parameters;

    private NearestParameters(IReadOnlyList<Parameter> parameters) => _parameters = parameters;

    public static NearestParameters Of(torch.nn.Module model, torch.nn.Module layer)
    {
        var modules = ModuleTree.Walk(model).Select(node => node.Module).ToList();
        var index = modules.FindIndex(module => ReferenceEquals(module, layer));
        return new NearestParameters([.. modules.Index().OrderBy(one => Math.Abs(one.Index - index))
            .SelectMany(one => TorchSharpInternals.Parameters(one.Item).Values).Where(parameter => !parameter.IsInvalid)]);
    }

    /// <summary>The optimizers that hold the nearest parameter which any of them holds.</summary>
    public IEnumerable<OptimizerHelper> Holders(IReadOnlyList<OptimizerHelper> optimizers) =>
        _parameters.Select(parameter => optimizers.Where(optimizer => ParameterOrder.Holder(optimizer, parameter) is not null).ToList())
            .FirstOrDefault(found => found.Count > 0) ?? [];

    /// <summary>
    /// The group that holds the nearest weight, as weights and biases may have groups of their own; else one that all weights have left;
    /// else that of the nearest parameter.
    /// </summary>
    public ParamGroup GroupIn(OptimizerHelper optimizer)
    {
        var groups = TorchSharpInternals.Groups(optimizer);
        return First(_parameters.Where(parameter => parameter.dim() > 1)) ?? groups.FirstOrDefault(group => !group.Parameters.Any())
            ?? First(_parameters) ?? groups[0];

        ParamGroup? First(IEnumerable<Parameter> parameters) =>
            parameters.Select(parameter => ParameterOrder.Holder(optimizer, parameter)).FirstOrDefault(group => group is not null);
    }
}
