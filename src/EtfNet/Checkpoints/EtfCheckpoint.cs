using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Saves and loads a whole training across fixes: weights, which layers are fixed and how, scheduler, optimizers.</summary>
/// <remarks>
/// <para>One safetensors file with a version and a SHA-256 checksum, written to a temporary file, flushed and renamed: a reader sees the
/// old file or the new one. Weights stand in it as <c>model.</c> and their names, optimizer states as <c>optimizer.0.state.</c> and so on;
/// the
/// plan of the fixed layers is the metadata entry <c>etfnet.plan</c>, the document of <see cref="EtfPlan.ToJson"/>.</para>
/// <para>Loading re-fixes layers first, then fills in weights and state. Random generators and learning-rate schedulers are the user's own:
/// make learning-rate schedulers before loading, so that the saved rates win, and give them the epoch to start from.</para>
/// <para>Where the scheduler has an <see cref="AdaptiveEtfOptions.Collective"/>, all ranks call: rank 0 alone writes and reads the file,
/// and
/// what it read reaches the others. An error of rank 0 reaches them as a <see cref="CollectiveException"/>.</para>
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
    /// <summary>Saves a model that is trained with a scheduler, the scheduler, and the optimizers it was given.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="scheduler">The scheduler; call this between epochs: what was observed since the last <c>EndEpoch</c> is kept too, but
    /// not the calibration sample.</param>
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
    /// <param name="stream">Takes the bytes; it need not seek, and stays open.</param>
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
    /// <param name="stream">Takes the bytes; it need not seek, and stays open.</param>
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

    /// <summary>Loads what was saved into a scheduler, its model and its optimizers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="scheduler">A scheduler of a freshly built model, with fresh optimizers, made with the same options.</param>
    /// <remarks>
    /// Everything is checked before anything is changed: layers, tensors, every part of optimizer state. An optimizer's parameters that
    /// are not the model's, those of a loss, get their state back where there are as many of the same shapes; those of another model that a
    /// scheduler watches are left to that one's checkpoint. A model that its scheduler has cut (<see cref="TailPolicy.Cut"/>) is loaded
    /// into a whole one, which is cut first.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file is no checkpoint, damaged, of a newer version, of another architecture or of other
    /// optimizers. Nothing was changed.</exception>
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

    /// <summary>Loads what was saved from a stream, as <see cref="Load(string, AdaptiveEtfScheduler)"/> does from a file.</summary>
    /// <param name="stream">Gives the bytes; it need not seek, and stays open, behind the last of them.</param>
    /// <param name="scheduler">A scheduler of a freshly built model, with fresh optimizers, made with the same options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no checkpoint, or a damaged one, one of a newer version, of another
    /// architecture or of other optimizers. Nothing was changed.</exception>
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
    /// <exception cref="EtfStateException">The file is no checkpoint, damaged, of a newer version, of another architecture or of other
    /// optimizers. Nothing was changed.</exception>
    public static void Load(string path, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(path);
        Restore(model, Managed(model, optimizers), () => SafetensorsReader.Read(path));
    }

    /// <summary>Loads what was saved into a model and optimizers from a stream; a saved scheduler is left out.</summary>
    /// <param name="stream">Gives the bytes; it need not seek, and stays open, behind the last of them.</param>
    /// <param name="model">A freshly built model.</param>
    /// <param name="optimizers">As many optimizers as were saved, or none for the model alone.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler: load into that one.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no checkpoint, or a damaged one, one of a newer version, of another
    /// architecture or of other optimizers. Nothing was changed.</exception>
    public static void Load(Stream stream, torch.nn.Module model, params torch.optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Restore(model, Managed(model, optimizers), () => SafetensorsReader.Read(stream));
    }

    /// <summary>Fills a model and optimizers; checks all before it changes any.</summary>
    internal static void Restore(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, StateSet state)
    {
        var whole = ModelWeights.Plan(StateKind.Require(state, StateKind.Checkpoint));
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
