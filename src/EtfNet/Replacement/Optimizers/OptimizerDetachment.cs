using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Takes parameters and their state out of TorchSharp's managed optimizers, and puts them back.</summary>
internal static class OptimizerDetachment
{
    /// <summary>Takes a parameter out of an optimizer, wherever it stands in it. The gradient is left alone.</summary>
    /// <returns>What is needed to put it back; null where the optimizer does not have it.</returns>
    public static DetachedParameter? Remove(OptimizerHelper optimizer, Parameter parameter)
    {
        var groups = TorchSharpInternals.Groups(optimizer).Where(group => ParameterOrder.Holds(group, parameter)).ToList();
        if (groups.Count == 0)
            return null;
        foreach (var group in groups)
            ParameterOrder.Remove(group, parameter);
        var states = TorchSharpInternals.State(optimizer);
        var state = OptimizerStates.Of(optimizer, parameter);
        states.Remove(parameter.Handle);
        return new DetachedParameter(optimizer, groups, state, LayerPlacement.Of(parameter));
    }

    /// <summary>
    /// Makes an optimizer train a parameter: with the state that was kept, where there is one that fits, else with a fresh one by its
    /// group's own options.
    /// </summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="groups">The groups to come to; nothing is added where a lazy list of the optimizer shows the parameter already.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="before">The object that it was when it left.</param>
    /// <param name="kept">The kept state; it is the optimizer's from now on, where it is taken.</param>
    /// <param name="model">The model's parameters in order, those of fixed layers among them.</param>
    public static void Put(
        OptimizerHelper optimizer, IReadOnlyList<ParamGroup> groups, Parameter parameter, Parameter before,
        OptimizerState? kept, IReadOnlyList<Parameter> model)
    {
        if (!TorchSharpInternals.Groups(optimizer).Any(group => ParameterOrder.Holds(group, parameter)))
            foreach (var group in groups)
                ParameterOrder.Insert(group, parameter, before, model);
        // As when the optimizer was made: of several groups, the last one makes the state.
        if (OptimizerStates.Of(optimizer, parameter) is null)
            OptimizerStates.Set(optimizer, parameter, kept ?? OptimizerStates.Create(optimizer, groups[^1], parameter));
    }

    /// <summary>
    /// Gives fresh state to parameters of an optimizer that have none: those that a lazy list shows now and did not when the optimizer was
    /// made.
    /// </summary>
    public static void Complete(OptimizerHelper optimizer)
    {
        foreach (var group in TorchSharpInternals.Groups(optimizer).Reverse().ToList())
            foreach (var parameter in group.Parameters.Where(parameter => !parameter.IsInvalid).ToList())
                if (OptimizerStates.Of(optimizer, parameter) is null)
                    OptimizerStates.Set(optimizer, parameter, OptimizerStates.Create(optimizer, group, parameter));
    }
}
