using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>An optimizer as a part of a state: its type, the options of its groups, and the state of each parameter under the parameter's
/// name.</summary>
/// <remarks>
/// For an optimizer <c>optimizer.0</c> there stand <c>optimizer.0.type</c>; for each group its options,
/// <c>optimizer.0.group.0.learning_rate</c> and so on, and the names of its parameters, <c>optimizer.0.group.0.parameters</c>; and
/// <c>optimizer.0.state.fc.weight.exp_avg</c>, a tensor, and <c>optimizer.0.state.fc.weight.step</c>, a text.
/// </remarks>
/// <param name="optimizer">One of TorchSharp's managed optimizers, or a user's own.</param>
/// <param name="names">The names of its parameters as they are when it is called, group by group and in their order.</param>
/// <param name="namesThen">What they will be when the changes are made, where layers are fixed or made trainable between the check and the
/// changes; null: what they are.</param>
internal sealed class OptimizerPart(
    OptimizerHelper optimizer, Func<IReadOnlyList<IReadOnlyList<string>>> names, IReadOnlyList<IReadOnlyList<string>>? namesThen = null)
    : ICustomState
{
    private const string TypeName = "type";
    private const string ParametersName = "parameters";

    public void Capture(StateSet to, string name)
    {
        var all = names();
        to.Add($"{name}.{TypeName}", optimizer.GetType().Name);
        var seen = new HashSet<string>();
        foreach (var (index, group) in TorchSharpInternals.Groups(optimizer).Index())
        {
            OptimizerFields.Capture(group.Options, to, Group(name, index));
            to.Add($"{Group(name, index)}.{ParametersName}", JsonSerializer.Serialize([.. all[index]], NamesJson.Readable));
            foreach (var (parameter, own) in group.Parameters.Zip(all[index]))
                if (seen.Add(own))
                    OptimizerFields.Capture(State(parameter), to, Own(name, own));
        }
    }

    /// <inheritdoc/>
    public void Read(StateReader from, string name)
    {
        var then = namesThen ?? names();
        var (groups, now) = (TorchSharpInternals.Groups(optimizer), ByName());
        if ((from.FindText($"{name}.{TypeName}") ?? throw from.Missing($"{name}.{TypeName}")) is var type
            && type != optimizer.GetType().Name)
            throw Misfit($"{name}.{TypeName}", $"it is {EntryName.Quote(type)}, and the optimizer is {optimizer.GetType().Name}");
        RequireGroups(then.Count);

        var options = new List<IReadOnlyDictionary<OptimizerField, object?>>();
        for (var index = 0; index < groups.Count; index++)
        {
            RequireNames($"{Group(name, index)}.{ParametersName}", then[index]);
            options.Add(OptimizerFields.Read(groups[index].Options.GetType(), groups[index].Options, null, from, Group(name, index)));
        }

        var states = new Dictionary<string, IReadOnlyDictionary<OptimizerField, object?>>();
        foreach (var own in then.SelectMany(group => group).Distinct())
        {
            var parameter = now.GetValueOrDefault(own);
            var state = parameter is null ? null : State(parameter);
            states.Add(own, OptimizerFields.Read(StateType(), state, IsTorchSharps ? parameter : null, from, Own(name, own)));
        }

        from.Later(() => Restore(options, states));

        void RequireGroups(int count)
        {
            var saved = 0;
            while (from.FindText($"{Group(name, saved)}.{ParametersName}") is not null)
                saved++;
            if (saved != count)
                throw Misfit($"{name}.group", $"{Words.Count(saved, "parameter group")} were saved, and the optimizer has {count}");
        }

        void RequireNames(string entry, IReadOnlyList<string> wanted)
        {
            var saved = Names(from, entry);
            if (saved.Except(wanted).FirstOrDefault() is { } missing)
                throw Misfit(entry, $"the parameter {EntryName.Quote(missing)} was saved, and is not in this group of the optimizer");
            if (wanted.Except(saved).FirstOrDefault() is { } extra)
                throw Misfit(entry, $"the parameter {EntryName.Quote(extra)} is in this group of the optimizer, and was not saved");
        }

        EtfStateException Misfit(string entry, string problem) => from.State.Error(
            entry, problem,
                "Make the optimizer as it was when the state was saved: of its kind, with the same parameters in the same groups.");
    }

    private static string Group(string name, int index) => FormattableString.Invariant($"{name}.group.{index}");

    private static string Own(string name, string parameter) => $"{name}.state.{parameter}";

    private static List<string> Names(StateReader from, string entry)
    {
        try
        {
            return JsonSerializer.Deserialize(from.FindText(entry)!, NamesJson.Readable) is { } names && !names.Contains(null!)
                ? names
                : throw from.Wrong(entry, "it is no list of names");
        }
        catch (JsonException exception)
        {
            throw from.Wrong(entry, "it is no JSON list of names", exception);
        }
    }

    /// <summary>Whether each tensor of a state is like its parameter.</summary>
    private bool IsTorchSharps => optimizer.GetType().Assembly == typeof(OptimizerHelper).Assembly;

    private OptimizerState State(Parameter parameter) => TorchSharpInternals.State(optimizer)[parameter.Handle];

    /// <summary>The type of the state of one parameter: nested in the optimizer's, as TorchSharp has it, or that of a state that is
    /// there.</summary>
    private Type StateType() => TorchSharpInternals.State(optimizer).Values.FirstOrDefault()?.GetType()
        ?? optimizer.GetType().GetNestedType("State") ?? typeof(OptimizerState);

    private Dictionary<string, Parameter> ByName()
    {
        var all = new Dictionary<string, Parameter>();
        foreach (var (group, own) in TorchSharpInternals.Groups(optimizer).Zip(names()))
            foreach (var (parameter, name) in group.Parameters.Zip(own))
                all.TryAdd(name, parameter);
        return all;
    }

    private void Restore(
        IReadOnlyList<IReadOnlyDictionary<OptimizerField, object?>> options,
        IReadOnlyDictionary<string, IReadOnlyDictionary<OptimizerField, object?>> states)
    {
        foreach (var (group, saved) in TorchSharpInternals.Groups(optimizer).Zip(options))
            OptimizerFields.Restore(group.Options, saved, CPU);
        foreach (var (name, parameter) in ByName())
            OptimizerFields.Restore(State(parameter), states[name], parameter.device);
    }
}
