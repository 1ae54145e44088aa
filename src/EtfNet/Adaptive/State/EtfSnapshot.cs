namespace EtfNet;

/// <summary>A copy of a training at one moment, made by <see cref="AdaptiveEtfScheduler.Snapshot"/>. Immutable, in managed memory; nothing to dispose.</summary>
public sealed class EtfSnapshot
{
    internal EtfSnapshot(TrainingState state) => State = state;

    /// <summary>Gets the number of epochs that had ended.</summary>
    public int Epoch => State.Scheduler?.Epoch ?? 0;

    internal TrainingState State { get; }
}
