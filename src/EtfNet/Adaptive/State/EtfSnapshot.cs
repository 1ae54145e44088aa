using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A copy of a training at one moment, made by <see cref="AdaptiveEtfScheduler.Snapshot"/>. Immutable, in managed memory; nothing to dispose.</summary>
public sealed class EtfSnapshot
{
    private readonly WeakReference<AdaptiveEtfScheduler>? _maker;
    private readonly IReadOnlyList<WeakReference<OptimizerHelper>> _optimizers = [];

    internal EtfSnapshot(TrainingState state) => State = state;

    internal EtfSnapshot(TrainingState state, AdaptiveEtfScheduler maker, IReadOnlyList<OptimizerHelper> optimizers)
        : this(state) =>
        (_maker, _optimizers) = (new(maker), [.. optimizers.Select(optimizer => new WeakReference<OptimizerHelper>(optimizer))]);

    /// <summary>Gets the number of epochs that had ended.</summary>
    public int Epoch => State.Scheduler?.Epoch ?? 0;

    internal TrainingState State { get; }

    /// <summary>Which optimizer takes which state: each its own, where the scheduler made this copy itself; else by their order.</summary>
    /// <param name="scheduler">The scheduler that goes back to this copy.</param>
    /// <param name="known">Its optimizers as they are now. Those that came later keep their state, and the state of those that are gone is
    /// left out.</param>
    /// <exception cref="ArgumentException">The copy is of another scheduler's, with another number of optimizers.</exception>
    internal IReadOnlyList<(OptimizerHelper Optimizer, OptimizerMemory Memory)> Pair(
        AdaptiveEtfScheduler scheduler, IReadOnlyList<OptimizerHelper> known)
    {
        if (_maker?.TryGetTarget(out var maker) == true && ReferenceEquals(maker, scheduler))
            return [.. _optimizers.Zip(State.Optimizers)
                .Select(pair => (Optimizer: pair.First.TryGetTarget(out var one) && known.Contains(one) ? one : null, Memory: pair.Second))
                .Where(pair => pair.Optimizer is not null).Select(pair => (pair.Optimizer!, pair.Memory))];
        return State.Pair(known);
    }
}
