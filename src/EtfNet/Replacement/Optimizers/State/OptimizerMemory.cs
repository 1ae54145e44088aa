using TorchSharp.Modules;

namespace EtfNet;

/// <summary>An optimizer's options and state as bytes, state by the name of the parameter.</summary>
/// <param name="Type">The optimizer's type name.</param>
/// <param name="Groups">The groups in order: options, and for each parameter its name and state.</param>
internal sealed record OptimizerMemory(string Type, IReadOnlyList<OptimizerGroupMemory> Groups)
{
    /// <exception cref="InvalidOperationException">The optimizer has no state for one of its parameters.</exception>
    public static OptimizerMemory Capture(OptimizerHelper optimizer, ParameterNames names) => new(optimizer.GetType().Name,
        [.. TorchSharpInternals.Groups(optimizer).Select(group => new OptimizerGroupMemory(
            StateBytes.Write(group.Options.SaveStateDict),
            [.. names.In(group).Select(one => (one.Name, StateBytes.Write(StateOf(optimizer, one.Parameter, one.Name).SaveStateDict)))]))]);

    /// <summary>Why this cannot be put into an optimizer; null where it can.</summary>
    /// <param name="optimizer">The optimizer as it is.</param>
    /// <param name="after">The names of the model's parameters that its groups will hold, group by group.</param>
    /// <param name="tensorOf">The saved parameter of a name.</param>
    public string? Mismatch(
        OptimizerHelper optimizer, IReadOnlyList<IReadOnlyCollection<string>> after, Func<string, TensorMemory?> tensorOf)
    {
        if (optimizer.GetType().Name != Type)
            return $"the optimizer is {optimizer.GetType().Name}, the saved one was {Type}";
        var groups = TorchSharpInternals.Groups(optimizer);
        if (groups.Count != Groups.Count)
            return $"the optimizer has {groups.Count} parameter groups, the saved one had {Groups.Count}";
        for (var i = 0; i < groups.Count; i++)
        {
            var saved = Groups[i].States.Where(state => !ParameterNames.IsForeign(state.Name)).ToList();
            if (saved.Select(state => state.Name).Except(after[i]).FirstOrDefault() is { } missing)
                return $"group {i} of the optimizer lacks the parameter '{missing}'";
            if (after[i].Except(saved.Select(state => state.Name)).FirstOrDefault() is { } extra)
                return $"group {i} of the optimizer has the parameter '{extra}', for which nothing was saved";
            if (StateBytes.Problem(Groups[i].Options, groups[i].Options) is { } options)
                return $"the options of group {i} cannot be read: {options}";
            foreach (var (name, bytes) in saved)
                if (tensorOf(name) is not { } tensor)
                    return $"there is a state of '{name}', and no such parameter";
                else if (StateBytes.Problem(bytes, optimizer, groups[i], tensor.Shape, tensor.Dtype) is { } problem)
                    return $"the optimizer's state of '{name}' cannot be read: {problem}";
        }

        return null;
    }

    /// <summary>Puts this into an optimizer that <see cref="Mismatch"/> found nothing against.</summary>
    /// <remarks>Parameters that are not the model's are matched by their order, where there are as many of the same shapes; else they keep
    /// what they have.</remarks>
    public void Restore(OptimizerHelper optimizer, ParameterNames names)
    {
        foreach (var (group, memory) in TorchSharpInternals.Groups(optimizer).Zip(Groups).ToList())
        {
            StateBytes.Read(memory.Options, group.Options.LoadStateDict);
            var states = memory.States.ToDictionary(state => state.Name, state => state.State);
            var now = names.In(group);
            var agree = now.Count(one => ParameterNames.IsForeign(one.Name)) == states.Keys.Count(ParameterNames.IsForeign)
                && now.Where(one => ParameterNames.IsForeign(one.Name)).All(one =>
                    StateBytes.Problem(states[one.Name], optimizer, group, one.Parameter.shape, one.Parameter.dtype) is null);
            foreach (var (parameter, name) in now.Where(one => agree || !ParameterNames.IsForeign(one.Name)))
            {
                var state = OptimizerStates.Of(optimizer, parameter)!;
                StateBytes.Read(states[name], state.LoadStateDict);
                OptimizerStates.Keep(state);
            }
        }
    }

    private static OptimizerState StateOf(OptimizerHelper optimizer, Parameter parameter, string name) =>
        OptimizerStates.Of(optimizer, parameter) ?? throw new InvalidOperationException(
            $"The optimizer {optimizer.GetType().Name} has no state for '{name}', which came to the model after it was made. "
            + "Make a new optimizer, or tell the scheduler of it by AddOptimizer.");
}

/// <summary>One group of parameters.</summary>
internal sealed record OptimizerGroupMemory(byte[] Options, IReadOnlyList<(string Name, byte[] State)> States);
