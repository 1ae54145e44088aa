using System.Globalization;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>
/// The names of an optimizer's parameters: in the model, or by group and order among those that are not the model's.
/// </summary>
internal sealed class ParameterNames
{
    private readonly Dictionary<IntPtr, string> _own = [];
    private readonly HashSet<IntPtr> _others;

    /// <param name="model">The model.</param>
    /// <param name="others">Parameters that another scheduler looks after: they have no name here.</param>
    public ParameterNames(torch.nn.Module model, IEnumerable<Parameter> others)
    {
        foreach (var (name, parameter) in model.named_parameters())
            _own.TryAdd(parameter.Handle, name);
        _others = [.. others.Where(parameter => !parameter.IsInvalid).Select(parameter => parameter.Handle)];
    }

    /// <summary>Whether a name is that of no parameter of the model.</summary>
    public static bool IsForeign(string name) => name.StartsWith('#');

    /// <summary>Each parameter of each group once, with its name.</summary>
    public IReadOnlyList<IReadOnlyList<(Parameter Parameter, string Name)>> Of(OptimizerHelper optimizer) =>
        [.. TorchSharpInternals.Groups(optimizer).Select(Of)];

    private List<(Parameter Parameter, string Name)> Of(ParamGroup group, int index)
    {
        var named = new List<(Parameter, string)>();
        var foreign = 0;
        foreach (var parameter in group.Parameters.Where(parameter => !parameter.IsInvalid).DistinctBy(parameter => parameter.Handle))
            if (_own.TryGetValue(parameter.Handle, out var name))
                named.Add((parameter, name));
            else if (!_others.Contains(parameter.Handle))
                named.Add((parameter, string.Create(CultureInfo.InvariantCulture, $"#{index}.{foreign++}")));
        return named;
    }
}
