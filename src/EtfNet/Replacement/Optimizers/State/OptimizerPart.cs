using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>An optimizer as a part of a state: its type, the options of its groups, and the state of each parameter under the parameter's
/// name.</summary>
/// <remarks>
/// <para>For an optimizer <c>optimizer.0</c> there stand <c>optimizer.0.type</c>; for each group its options,
/// <c>optimizer.0.group.0.learning_rate</c> and so on, and the names of its parameters, <c>optimizer.0.group.0.parameters</c>; and
/// <c>optimizer.0.state.fc.weight.exp_avg</c>, a tensor, and <c>optimizer.0.state.fc.weight.step</c>, a text.</para>
/// <para>Parameters that are not the model's are matched by their order, where there are as many of the same shapes; else they keep what
/// they have.</para>
/// </remarks>
/// <param name="optimizer">One of TorchSharp's managed optimizers, or a user's own.</param>
/// <param name="named">Its parameters with their names as they are when it is called.</param>
/// <param name="then">The names of the model's parameters in each group as they will be when the changes are made, where layers are fixed
/// or made trainable between the check and the changes; null: as they are.</param>
/// <param name="like">The saved parameter of a name, for those that are not there yet.</param>
internal sealed class OptimizerPart(
    OptimizerHelper optimizer, Func<IReadOnlyList<IReadOnlyList<(Parameter Parameter, string Name)>>> named,
    IReadOnlyList<IReadOnlyCollection<string>>? then = null, Func<string, StateTensor?>? like = null)
    : ICustomState
{
    /// <summary>Whether a state has an optimizer under a name.</summary>
    public static bool IsIn(StateSet state, string name) => state.Texts.ContainsKey(OptimizerEntries.Type(name));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The optimizer has no state for one of its parameters.</exception>
    public void Capture(StateSet to, string name)
    {
        to.Add(OptimizerEntries.Type(name), optimizer.GetType().Name);
        // A parameter may stand in two groups.
        var seen = new HashSet<string>();
        foreach (var (index, (group, parameters)) in TorchSharpInternals.Groups(optimizer).Zip(named()).Index())
        {
            OptimizerFields.Capture(group.Options, to, OptimizerEntries.Group(name, index));
            to.Add(
                OptimizerEntries.Parameters(name, index),
                JsonSerializer.Serialize([.. parameters.Select(one => one.Name)], NamesJson.Readable));
            foreach (var (parameter, own) in parameters.Where(one => seen.Add(one.Name)))
                OptimizerFields.Capture(State(parameter, own), to, OptimizerEntries.Own(name, own));
        }
    }

    /// <inheritdoc/>
    public void Read(StateReader from, string name)
    {
        var (groups, now) = (TorchSharpInternals.Groups(optimizer), named());
        OptimizerEntries.RequireType(from, name, optimizer.GetType().Name);
        OptimizerEntries.RequireGroups(from, name, groups.Count);

        var options = new List<IReadOnlyDictionary<OptimizerField, object?>>();
        var states = new Dictionary<string, IReadOnlyDictionary<OptimizerField, object?>>();
        for (var index = 0; index < groups.Count; index++)
        {
            var entry = OptimizerEntries.Parameters(name, index);
            var saved = OptimizerEntries.Names(from, entry).ToLookup(ParameterNames.IsForeign);
            var own = then?[index] ?? [.. now[index].Select(one => one.Name).Where(one => !ParameterNames.IsForeign(one))];
            OptimizerEntries.RequireNames(from, entry, [.. saved[false]], own);
            options.Add(OptimizerFields.Read(
                groups[index].Options.GetType(), groups[index].Options, null, from, OptimizerEntries.Group(name, index)));
            var there = now[index].ToDictionary(one => one.Name, one => one.Parameter);
            foreach (var one in own)
                states[one] = Read(from, name, one, there.GetValueOrDefault(one));
            ReadForeign(from, name, [.. saved[true]], there, states);
        }

        from.Later(() => Restore(options, states));
    }

    private IReadOnlyDictionary<OptimizerField, object?> Read(StateReader from, string name, string own, Parameter? parameter)
    {
        // Each tensor of one of TorchSharp's states is like its parameter.
        var tensor = optimizer.GetType().Assembly != typeof(OptimizerHelper).Assembly ? null
            : parameter is not null ? new LiveTensor(parameter) : like?.Invoke(own);
        var state = parameter is null ? null : OptimizerStates.Of(optimizer, parameter);
        return OptimizerFields.Read(state?.GetType() ?? StateType(), state, tensor, from, OptimizerEntries.Own(name, own));
    }

    private void ReadForeign(
        StateReader from, string name, IReadOnlyList<string> saved, Dictionary<string, Parameter> there,
        Dictionary<string, IReadOnlyDictionary<OptimizerField, object?>> states)
    {
        foreach (var one in saved)
            from.Pass(OptimizerEntries.Own(name, one));
        if (!saved.ToHashSet().SetEquals(there.Keys.Where(ParameterNames.IsForeign)))
            return;
        try
        {
            var read = saved.Select(one => (Name: one, Values: Read(from, name, one, there[one]))).ToList();
            read.ForEach(one => states[one.Name] = one.Values);
        }
        catch (EtfStateException)
        {
            // Parameters of other shapes are not the saved ones.
        }
    }

    private OptimizerState State(Parameter parameter, string own) =>
        OptimizerStates.Of(optimizer, parameter) ?? throw new InvalidOperationException(
            $"The optimizer {optimizer.GetType().Name} has no state for '{own}', a parameter added after it was made. "
            + "Make a new optimizer, or pass this one to AddOptimizer.");

    /// <summary>The type of the state of one parameter: nested in the optimizer's, as TorchSharp has it, or that of a state that is
    /// there.</summary>
    private Type StateType() => TorchSharpInternals.State(optimizer).Values.FirstOrDefault()?.GetType()
        ?? optimizer.GetType().GetNestedType("State") ?? typeof(OptimizerState);

    private void Restore(
        IReadOnlyList<IReadOnlyDictionary<OptimizerField, object?>> options,
        Dictionary<string, IReadOnlyDictionary<OptimizerField, object?>> states)
    {
        foreach (var (group, saved) in TorchSharpInternals.Groups(optimizer).Zip(options))
            OptimizerFields.Restore(group.Options, saved, CPU);
        foreach (var (parameter, name) in named().SelectMany(group => group))
            if (states.TryGetValue(name, out var saved))
                OptimizerFields.Restore(State(parameter, name), saved, parameter.device);
    }
}
