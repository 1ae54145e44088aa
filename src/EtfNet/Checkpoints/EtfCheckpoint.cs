using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Saves and loads a whole training across fixes: weights, which layers are fixed and how, scheduler, optimizers.</summary>
/// <remarks>
/// <para>A checkpoint is one safetensors file with a version and a SHA-256 checksum. It is written to a temporary file, flushed and
/// renamed, so a reader sees the old file or the new one. Weights have names that begin with <c>model.</c>, optimizer states names that
/// begin with <c>optimizer.0.state.</c> and so on; the plan of the fixed layers is the metadata entry <c>etfnet.plan</c>, the document of
/// <see cref="EtfPlan.ToJson"/>.</para>
/// <para>Loading fixes the same layers first, and then loads weights and state. Random generators and learning-rate schedulers are not
/// saved. Make learning-rate schedulers before loading, so that the saved rates take precedence, and give them the epoch to start
/// from.</para>
/// <para>If the scheduler has an <see cref="AdaptiveEtfOptions.Collective"/>, all ranks call these methods. Only rank 0 writes and reads
/// the file, and sends what it has read to the others. An error on rank 0 becomes a <see cref="CollectiveException"/> on the others.</para>
/// </remarks>
/// <example>
/// <code>
/// EtfCheckpoint.Save("training.ckpt", etf);
///
/// // Later, in a new process: build the same model, optimizer and scheduler, then load.
/// EtfCheckpoint.Load("training.ckpt", etf);
/// </code>
/// </example>
public static class EtfCheckpoint
{
    /// <summary>Saves a scheduler, its model, and its optimizers.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="scheduler">The scheduler. Save between epochs: observations since the last <c>EndEpoch</c> are saved too, but the
    /// calibration sample is not.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or an optimizer has no state for one of its parameters.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    /// <exception cref="NotSupportedException">A tensor is of a type that the format does not have.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public static void Save(string path, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(scheduler);
        scheduler.WriteOnce(() => SafetensorsWriter.Write(path, WithPlan(scheduler.Capture(), scheduler.Model)));
    }

    /// <summary>Writes what <see cref="Save(string, AdaptiveEtfScheduler)"/> saves to a stream.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <param name="scheduler">The scheduler.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, an optimizer has no state for one of its parameters, or a weight changed while it was being saved.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    /// <exception cref="NotSupportedException">A tensor is of a type that the format does not have.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Save(Stream stream, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(scheduler);
        scheduler.WriteOnce(() => SafetensorsWriter.Write(stream, WithPlan(scheduler.Capture(), scheduler.Model)));
    }

    /// <summary>Saves a model and optimizers, without a scheduler.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">Managed optimizers whose state to save; none is allowed.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">
    /// An optimizer is native (LBFGS), or a tensor is of a type that the format does not have.
    /// </exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">An optimizer has no state for one of its parameters.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public static void Save(string path, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(path);
        SafetensorsWriter.Write(path, Capture(model, optimizers));
    }

    /// <summary>Writes a model and optimizers, without a scheduler, to a stream.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">Managed optimizers whose state to save; none is allowed.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">
    /// An optimizer is native (LBFGS), or a tensor is of a type that the format does not have.
    /// </exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">
    /// An optimizer has no state for one of its parameters, or a weight changed while it was being saved.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Save(Stream stream, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, Capture(model, optimizers));
    }

    /// <summary>Loads a checkpoint into a scheduler, its model and its optimizers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="scheduler">A scheduler of a freshly built model, with fresh optimizers, made with the same options.</param>
    /// <remarks>
    /// Everything is checked before anything is changed: layers, tensors, every part of optimizer state. Parameters of an optimizer that
    /// are not the model's, such as those of a loss, get their state back if there are as many of them, with the same shapes. Parameters of
    /// another model that a scheduler watches are left to the checkpoint of that model. Load a model that its scheduler has cut
    /// (<see cref="TailPolicy.Cut"/>) into a whole model, which is cut first.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file is not a checkpoint, is damaged, or is of a newer version, another architecture or
    /// other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or the model's layers were changed by hand. Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public static void Load(string path, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(scheduler);
        Restore(scheduler, () => SafetensorsReader.Read(path));
    }

    /// <summary>Loads a checkpoint from a stream, as <see cref="Load(string, AdaptiveEtfScheduler)"/> does from a file.</summary>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte.</param>
    /// <param name="scheduler">A scheduler of a freshly built model, with fresh optimizers, made with the same options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no checkpoint, or one that is damaged or of a newer version, another
    /// architecture or other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or the model's layers were changed by hand. Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public static void Load(Stream stream, AdaptiveEtfScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(scheduler);
        Restore(scheduler, () => SafetensorsReader.Read(stream));
    }

    /// <summary>Loads a checkpoint into a model and optimizers; a saved scheduler is ignored.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">A freshly built model.</param>
    /// <param name="optimizers">As many optimizers as were saved, or none for the model alone.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler: load into the scheduler.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file is not a checkpoint, is damaged, or is of a newer version, another architecture or
    /// other optimizers. Nothing was changed.</exception>
    public static void Load(string path, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(path);
        Restore(model, Managed(model, optimizers), () => SafetensorsReader.Read(path));
    }

    /// <summary>Loads a checkpoint from a stream into a model and optimizers; a saved scheduler is ignored.</summary>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte.</param>
    /// <param name="model">A freshly built model.</param>
    /// <param name="optimizers">As many optimizers as were saved, or none for the model alone.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler: load into the scheduler.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no checkpoint, or one that is damaged or of a newer version, another
    /// architecture or other optimizers. Nothing was changed.</exception>
    public static void Load(Stream stream, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Restore(model, Managed(model, optimizers), () => SafetensorsReader.Read(stream));
    }

    /// <summary>Fills a model and optimizers; checks all before it changes any.</summary>
    internal static void Restore(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, StateSet state)
    {
        var whole = ModelWeights.Plan(StateKind.Require(state, StateKind.Checkpoint));
        using var pause = InferencePause.Begin();
        using var cuts = ModelWeights.Cut(model, whole, state, optimizers);
        var plan = whole.Layers;
        var reader = new StateReader(state);
        if (optimizers.Count == 0)
            TrainingState.PassOptimizers(reader);
        reader.Pass(SchedulerMemory.Name);
        reader.Later(() => PlanApplication.Run(model, plan, optimizers));
        TrainingState.Read(reader, model, plan, optimizers.Count == 0 ? [] : TrainingState.Pair(state, optimizers), [], optimizers);
        reader.Finish();
        cuts.Accept();
    }

    private static void Restore(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, Func<StateSet> read)
    {
        LiveSchedulers.RequireNone(model);
        Restore(model, optimizers, read());
    }

    private static void Restore(AdaptiveEtfScheduler scheduler, Func<StateSet> read) => scheduler.Restore(() =>
    {
        var state = read();
        var plan = ModelWeights.Plan(StateKind.Require(state, StateKind.Checkpoint));
        return new EtfSnapshot(plan.Layers, plan.Cuts, state);
    });

    private static StateSet Capture(torch.nn.Module model, torch.optim.Optimizer[] optimizers) =>
        WithPlan(TrainingState.Capture(model, Managed(model, optimizers), null), model);

    private static StateSet WithPlan(StateSet state, torch.nn.Module model)
    {
        state.Add(ModelFit.PlanName, EtfPlan.Of(model).ToJson());
        return state;
    }

    private static List<OptimizerHelper> Managed(torch.nn.Module model, torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizers);
        return [.. optimizers.Select(ManagedOptimizers.Require)];
    }
}
