using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>What an optimizer keeps for each of its parameters, whichever the optimizer.</summary>
internal static class OptimizerStates
{
    /// <summary>
    /// The state of a parameter; null where there is none. A state under the address of a parameter that no longer exists belongs to
    /// another one.
    /// </summary>
    public static OptimizerState? Of(OptimizerHelper optimizer, Parameter parameter) =>
        !parameter.IsInvalid && TorchSharpInternals.State(optimizer).TryGetValue(parameter.Handle, out var state)
        && !TorchSharpInternals.ParameterOf(state).IsInvalid
            ? state
            : null;

    /// <summary>Gives a parameter its state; what was left under its address is freed.</summary>
    public static void Set(OptimizerHelper optimizer, Parameter parameter, OptimizerState state)
    {
        var states = TorchSharpInternals.State(optimizer);
        if (states.TryGetValue(parameter.Handle, out var old) && !ReferenceEquals(old, state))
            (old as IDisposable)?.Dispose();
        states[parameter.Handle] = state;
    }

    /// <summary>The state of a parameter that was never stepped, made with a group's own options. The optimizer does not have it
    /// yet.</summary>
    public static OptimizerState Create(OptimizerHelper optimizer, ParamGroup group, Parameter parameter)
    {
        // Each optimizer makes its own kind of state when a group is added, and only then: add a group of one, then take the group away.
        var options = (OptimizerOptions)Activator.CreateInstance(group.Options.GetType())!;
        options.LoadStateDict(group.Options);
        var alone = (ParamGroup)Activator.CreateInstance(group.GetType())!;
        (alone.Parameters, alone.Options) = ([parameter], options);
        optimizer.add_param_group(alone);
        TorchSharpInternals.Groups(optimizer).Remove(alone);
        var states = TorchSharpInternals.State(optimizer);
        var state = states[parameter.Handle];
        states.Remove(parameter.Handle);
        Keep(state);
        return state;
    }

    /// <summary>Takes a state's tensors out of whatever dispose scope is open.</summary>
    public static void Keep(OptimizerState state)
    {
        foreach (var tensor in TensorsOf(state))
            tensor.DetachFromDisposeScope();
    }

    /// <summary>The tensors of one parameter's state; the parameter itself is not among them.</summary>
    public static IEnumerable<torch.Tensor> TensorsOf(OptimizerState state) => Fields(state).Where(tensor => !tensor.IsInvalid);

    /// <summary>Whether an optimizer was disposed: TorchSharp's optimizers then free or forget their states.</summary>
    public static bool IsDisposed(OptimizerHelper optimizer)
    {
        var states = TorchSharpInternals.State(optimizer);
        return states.Values.SelectMany(Fields).Any(tensor => tensor.IsInvalid)
            || (states.Count == 0 && optimizer.GetType().Assembly == typeof(torch).Assembly && optimizer.parameters().Any());
    }

    /// <summary>
    /// Whether an optimizer trains nothing any more: it was disposed, or each of its parameters was, as by moving the model to another
    /// type.
    /// </summary>
    public static bool IsUnusable(OptimizerHelper optimizer) =>
        IsDisposed(optimizer)
            || (optimizer.parameters().Any() && optimizer.parameters().All(parameter => Of(optimizer, parameter) is null));

    /// <summary>The bytes that an optimizer's state takes.</summary>
    public static long Bytes(torch.optim.Optimizer optimizer) =>
        optimizer is OptimizerHelper managed
            ? TorchSharpInternals.State(managed).Values.SelectMany(TensorsOf).Sum(tensor => tensor.NumberOfElements * tensor.ElementSize)
            : 0;

    private static IEnumerable<torch.Tensor> Fields(OptimizerState state) =>
        state.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(field => field.GetValue(state)).OfType<torch.Tensor>().Where(tensor => tensor is not Parameter);
}
