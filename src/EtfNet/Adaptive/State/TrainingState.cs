using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A whole training as a state: every weight and buffer, optimizers, and what the scheduler remembers. Which layers are fixed
/// goes beside it.</summary>
internal static class TrainingState
{
    private const string ModelName = "model";

    /// <summary>What is to be saved, live.</summary>
    /// <exception cref="InvalidOperationException">An optimizer has no state for one of its parameters.</exception>
    public static StateSet Capture(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, SchedulerMemory? scheduler)
    {
        var state = new StateSet(StateKind.Checkpoint);
        ModelNames.Capture(model, state, ModelName);
        var names = LiveSchedulers.NamesIn(model, optimizers);
        foreach (var (index, optimizer) in optimizers.Index())
            new OptimizerPart(optimizer, () => names.Of(optimizer)).Capture(state, OptimizerName(index));
        scheduler?.Capture(state);
        return state;
    }

    /// <summary>Which optimizer takes which state: by their order.</summary>
    /// <exception cref="EtfStateException">There are more or fewer than were saved.</exception>
    public static IReadOnlyList<OptimizerHelper?> Pair(StateSet state, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var saved = 0;
        while (OptimizerPart.IsIn(state, OptimizerName(saved)))
            saved++;
        return saved == optimizers.Count
            ? optimizers
            : throw state.Error(
                "optimizer", $"the state holds {Words.Count(saved, "optimizer")}; given: {optimizers.Count}",
                "Pass as many as were saved. If the scheduler knows an optimizer that is no longer used, call RemoveOptimizer.");
    }

    /// <summary>Checks that a state fits a model and its optimizers; the changes wait in the reader. Before they are made, layers must be
    /// trained and fixed as in the state.</summary>
    /// <param name="from">What was saved.</param>
    /// <param name="model">The model.</param>
    /// <param name="plan">The layers that will be fixed.</param>
    /// <param name="optimizers">For each saved optimizer the one that takes its state; null where it is left out.</param>
    /// <param name="returning">The layers that are fixed now and will be trained again before the state is filled in, in that
    /// order.</param>
    /// <param name="known">All optimizers that weights return to.</param>
    /// <exception cref="EtfStateException">It does not fit.</exception>
    public static void Read(
        StateReader from, torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyList<OptimizerHelper?> optimizers,
        IReadOnlyList<LayerFix> returning, IReadOnlyList<OptimizerHelper> known)
    {
        var fit = ModelFit.Require(model, plan, returning, from, ModelName);
        from.Later(fit.Fill);
        var names = LiveSchedulers.NamesIn(model, known);
        var gone = fit.Leaving.Select(target => target.Fixable.Weight.Handle).ToHashSet();
        var back = returning.Where(fix => plan.All(layer => layer.Name != fix.Name))
            .SelectMany(fix => fix.ReturnsTo(known), (fix, place) => (place.Group, Name: EntryName.Join(fix.Name, "weight"))).ToList();
        foreach (var (index, optimizer) in optimizers.Index())
            if (optimizer is null)
                from.Pass(OptimizerName(index));
            else
                new OptimizerPart(optimizer, () => LiveSchedulers.NamesIn(model, known).Of(optimizer), After(optimizer), fit.Find)
                    .Read(from, OptimizerName(index));

        List<IReadOnlyCollection<string>> After(OptimizerHelper optimizer) =>
        [
            .. TorchSharpInternals.Groups(optimizer).Zip(names.Of(optimizer), (group, named) => named
                .Where(one => !gone.Contains(one.Parameter.Handle) && !ParameterNames.IsForeign(one.Name)).Select(one => one.Name)
                .Concat(back.Where(one => one.Group == group).Select(one => one.Name)).ToHashSet()),
        ];
    }

    /// <summary>Leaves out all optimizers of a state.</summary>
    public static void PassOptimizers(StateReader from) => from.Pass("optimizer");

    private static string OptimizerName(int index) => FormattableString.Invariant($"optimizer.{index}");
}
