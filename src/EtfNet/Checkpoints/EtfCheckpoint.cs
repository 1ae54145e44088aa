using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Saves and loads a whole training across fixes: weights, which layers are fixed and how, scheduler, optimizers.</summary>
/// <remarks>
/// One file with a version and a SHA-256 checksum, written to a temporary file, flushed and renamed: a reader sees the old file or the new one. Loading
/// re-fixes layers first, then fills in weights and state. Random generators and learning-rate schedulers are the user's own: make learning-rate
/// schedulers before loading, so that the saved rates win, and give them the epoch to start from.
/// </remarks>
public static class EtfCheckpoint
{
    /// <summary>Saves a model that is trained with a scheduler, the scheduler, and the optimizers it was given.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="scheduler">The scheduler; call this between epochs: what was observed since the last <c>EndEpoch</c> is kept too, but not the calibration sample.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or an optimizer has no state for one of its parameters.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public static void Save(string path, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(scheduler);
        CheckpointFile.Write(path, scheduler.Snapshot().State);
    }

    /// <summary>Saves a model and optimizers, without a scheduler.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">Managed optimizers whose state to save; none is allowed.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">An optimizer has no state for one of its parameters.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public static void Save(string path, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizers);
        CheckpointFile.Write(path, TrainingState.Capture(model, [.. optimizers.Select(ManagedOptimizers.Require)], null));
    }

    /// <summary>Loads what was saved into a scheduler, its model and its optimizers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="scheduler">A scheduler of a freshly built model, with fresh optimizers, made with the same options.</param>
    /// <remarks>
    /// Everything is checked before anything is changed: layers, tensors, every block of optimizer state. An optimizer's parameters that
    /// are not the model's, those of a loss, get their state back where there are as many of the same shapes; those of another model that a
    /// scheduler watches are left to that one's checkpoint.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, cut short, damaged, or of a newer version. Nothing was changed.</exception>
    /// <exception cref="ArgumentException">The checkpoint is of another architecture or of other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or the model's layers were changed by hand. Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public static void Load(string path, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(scheduler);
        scheduler.Restore(new EtfSnapshot(CheckpointFile.Read(path)));
    }

    /// <summary>Loads what was saved into a model and optimizers; a saved scheduler is left out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">A freshly built model.</param>
    /// <param name="optimizers">As many optimizers as were saved, or none for the model alone.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler: load into that one.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, cut short, damaged, or of a newer version. Nothing was changed.</exception>
    /// <exception cref="ArgumentException">The checkpoint is of another architecture or of other optimizers. Nothing was changed.</exception>
    public static void Load(string path, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizers);
        var managed = optimizers.Select(ManagedOptimizers.Require).ToList();
        LiveSchedulers.RequireNone(model);
        var state = CheckpointFile.Read(path);
        var pairs = managed.Count == 0 ? [] : state.Pair(managed);
        state.Require(model, pairs, [], managed);
        PlanApplication.Run(model, state.Plan, managed);
        state.Fill(model, pairs);
    }
}
