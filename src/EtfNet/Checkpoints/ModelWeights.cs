using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A model's parameters and buffers as a state, under their own names, with the plan of its fixed layers.</summary>
internal static class ModelWeights
{
    /// <summary>The metadata entry that other programs expect beside weights with PyTorch's names.</summary>
    private const string FormatName = "format";

    /// <summary>The parameters and buffers, live.</summary>
    public static StateSet Capture(torch.nn.Module model)
    {
        var state = new StateSet(StateKind.Model);
        state.Add(FormatName, "pt");
        if (EtfPlan.Of(model) is var plan && plan.Layers.Count + plan.Cuts.Count > 0)
            state.Add(ModelFit.PlanName, plan.ToJson());
        ModelNames.Capture(model, state, "");
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
        if (LiveSchedulers.Find(model) is not null && !plan.Cuts.SequenceEqual(PlannedCut.Of(model)))
            throw new InvalidOperationException(
                "A scheduler watches this model, and the file's model is cut elsewhere. Load it before ApplyAdaptiveEtf.");
        using var pause = InferencePause.Begin();
        using var cuts = Cut(model, plan, state, []);
        var fit = ModelFit.Require(model, plan.Layers, [], new StateReader(state), "");
        if (fit.Leaving.Count > 0 && LiveSchedulers.Find(model) is not null)
            throw new InvalidOperationException(
                "A scheduler watches this model, and the file has fixed layers. Load it before ApplyAdaptiveEtf, or use EtfCheckpoint.");
        PlanApplication.Run(model, plan.Layers, []);
        fit.Fill();
        LiveSchedulers.Find(model)?.TakeMarks();
        cuts.Accept();
    }

    /// <summary>Cuts a model as a plan says; undone on dispose unless it was accepted.</summary>
    /// <exception cref="EtfStateException">The plan does not fit the model; nothing was changed.</exception>
    public static PlannedCuts Cut(torch.nn.Module model, EtfPlan plan, StateSet state, IReadOnlyList<OptimizerHelper> optimizers)
    {
        try
        {
            return PlannedCuts.Apply(model, plan.Cuts, optimizers);
        }
        catch (ArgumentException exception)
        {
            throw state.Error(
                ModelFit.PlanName, Words.Plain(exception).TrimEnd('.'),
                "Load into a model that is freshly built, as it was when the file was saved.", exception);
        }
    }

    /// <summary>The plan that a state holds; one of no layers where it holds none.</summary>
    /// <exception cref="EtfStateException">It is no plan.</exception>
    public static EtfPlan Plan(StateSet state)
    {
        if (!state.Texts.TryGetValue(ModelFit.PlanName, out var json))
            return new EtfPlan([]);
        try
        {
            return EtfPlan.Parse(json);
        }
        catch (EtfStateException exception)
        {
            throw state.Error(exception.Entry ?? ModelFit.PlanName, exception.Problem, "Save it again.", exception);
        }
    }
}
