using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A copy of a training at one moment, made by <see cref="AdaptiveEtfScheduler.Snapshot"/>. It is immutable and in managed memory,
/// so there is nothing to dispose.</summary>
public sealed class EtfSnapshot
{
    private readonly WeakReference<AdaptiveEtfScheduler>? _maker;
    private readonly IReadOnlyList<WeakReference<OptimizerHelper>> _optimizers = [];

    internal EtfSnapshot(IReadOnlyList<PlannedLayer> plan, IReadOnlyList<PlannedCut> cuts, StateSet state) =>
        (Plan, Cuts, State) = (plan, cuts, state);

    internal EtfSnapshot(
        IReadOnlyList<PlannedLayer> plan, IReadOnlyList<PlannedCut> cuts, StateSet state, AdaptiveEtfScheduler maker, int epoch,
        IReadOnlyList<OptimizerHelper> optimizers)
        : this(plan, cuts, state) =>
        (_maker, Epoch, _optimizers) =
            (new(maker), epoch, [.. optimizers.Select(optimizer => new WeakReference<OptimizerHelper>(optimizer))]);

    /// <summary>Gets the number of epochs that had ended.</summary>
    public int Epoch { get; }

    internal IReadOnlyList<PlannedLayer> Plan { get; }

    internal IReadOnlyList<PlannedCut> Cuts { get; }

    internal StateSet State { get; }

    /// <summary>Which optimizer takes which state: each its own, where the scheduler made this copy itself; else by their order.</summary>
    /// <param name="scheduler">The scheduler that goes back to this copy.</param>
    /// <param name="known">Its optimizers as they are now. Those that came later keep their state, and the state of those that are gone is
    /// left out.</param>
    /// <returns>For each saved optimizer the one that takes its state; null where it is left out.</returns>
    /// <exception cref="EtfStateException">Another scheduler, with another number of optimizers, made the copy.</exception>
    internal IReadOnlyList<OptimizerHelper?> Pair(AdaptiveEtfScheduler scheduler, IReadOnlyList<OptimizerHelper> known) =>
        _maker?.TryGetTarget(out var maker) == true && ReferenceEquals(maker, scheduler)
            ? [.. _optimizers.Select(saved => saved.TryGetTarget(out var one) && known.Contains(one) ? one : null)]
            : TrainingState.Pair(State, known);
}
