using TorchSharp;

namespace EtfNet;

/// <summary>A model's parameters and buffers as a state, under their own names, with the plan of its fixed layers.</summary>
internal static class ModelWeights
{
    /// <summary>The metadata entry that holds the plan.</summary>
    public const string PlanName = "etfnet.plan";

    /// <summary>What other programs expect of weights whose names are PyTorch's.</summary>
    private const string FormatName = "format";

    /// <summary>The parameters and buffers, live; tied ones once, the others' names in the metadata as safetensors' own libraries write
    /// them.</summary>
    public static StateSet Capture(torch.nn.Module model)
    {
        var state = new StateSet(StateKind.Model);
        state.Add(FormatName, "pt");
        if (EtfPlan.Of(model) is { LayerNames.Count: > 0 } plan)
            state.Add(PlanName, plan.ToJson());
        var first = new Dictionary<TensorPlace, string>();
        foreach (var (name, tensor, _) in ModelNames.Of(model))
            if (TensorPlace.Of(tensor) is { } place && !first.TryAdd(place, name))
                state.Add(name, first[place]);
            else
                state.Add(name, new LiveTensor(tensor));
        return state;
    }

    /// <summary>Fixes the layers that the state has fixed, and fills in the weights; checks all before it changes any.</summary>
    /// <exception cref="EtfStateException">The state is no model's, or does not fit the model.</exception>
    /// <exception cref="InvalidOperationException">Layers would have to be fixed while a scheduler watches the model.</exception>
    public static void Load(torch.nn.Module model, StateSet state)
    {
        if (state.Kind is not null)
            StateKind.Require(state, StateKind.Model);
        var plan = Plan(state);
        var leaving = Leaving(model, plan, state);
        if (leaving.Count > 0 && LiveSchedulers.Find(model) is not null)
            throw new InvalidOperationException(
                "A scheduler watches this model, and the file has fixed layers. Load it before ApplyAdaptiveEtf, or use EtfCheckpoint.");
        var weights = ModelFit.Require(model, plan, leaving, state);

        PlanApplication.Run(model, plan.Layers, []);
        foreach (var (name, tensor, _) in ModelNames.Of(model))
            weights.GetValueOrDefault(name)?.CopyTo(tensor);
    }

    private static EtfPlan Plan(StateSet state)
    {
        if (!state.Texts.TryGetValue(PlanName, out var json))
            return new EtfPlan([]);
        try
        {
            return EtfPlan.Parse(json);
        }
        catch (EtfStateException exception)
        {
            throw state.Error(exception.Entry ?? PlanName, exception.Problem, "Save the model again.", exception);
        }
    }

    /// <summary>The layers that are trainable now and fixed in the state.</summary>
    private static IReadOnlyList<LayerTarget> Leaving(torch.nn.Module model, EtfPlan plan, StateSet state)
    {
        try
        {
            return [.. PlanApplication.Require(model, plan.Layers, []).Select(step => step.Target)];
        }
        catch (ArgumentException exception)
        {
            throw state.Error(PlanName, Words.Plain(exception).TrimEnd('.'),
                "Load into a model that is freshly built, as it was when the file was saved.", exception);
        }
    }
}
