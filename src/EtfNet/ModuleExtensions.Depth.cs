using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Measuring the depth that a network needs, and cutting the network there.</content>
public static partial class ModuleExtensions
{
    /// <summary>Measures which of a model's layers add accuracy: fits heads to each layer's features and scores them on held-out
    /// data.</summary>
    /// <param name="model">The model, which takes one tensor.</param>
    /// <param name="training">Inputs and labels to fit the heads to (class indices, int64 or int32, one per sample or per
    /// position).</param>
    /// <param name="heldOut">Inputs and labels of other samples, to score the heads on.</param>
    /// <param name="options">What to measure, and how; null for the defaults.</param>
    /// <returns>The report: per layer, the accuracy of the nearest training center and of a ridge head, and the parameters and time up to
    /// the layer.</returns>
    /// <remarks>
    /// Each sequence is enumerated once, and the model is called once per batch, in evaluation mode and without gradients. Modes are
    /// restored, and the model does not change. In addition to the forwards, a layer of d features takes about 0.75 d^2 float64
    /// multiplications per training sample, and 8 d^2 bytes in all. Fewer samples than features are allowed, because the penalty
    /// regularizes the head.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="model"/>, <paramref name="training"/> or <paramref name="heldOut"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException">
    /// A sequence has no batch, labels are not class indices, one per sample, all training samples are of one class, or the options name a
    /// layer that the model does not have.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or not below the class count of the options.</exception>
    /// <exception cref="InvalidOperationException">The model does not take one tensor: use the other overload.</exception>
    /// <example>
    /// <code>
    /// var depth = model.MeasureDepth(batches, validationBatches);
    /// Console.WriteLine(depth);                  // one line per layer: accuracies, parameters, time
    /// </code>
    /// </example>
    public static DepthReport MeasureDepth(
        this nn.Module model, IEnumerable<(Tensor Input, Tensor Labels)> training, IEnumerable<(Tensor Input, Tensor Labels)> heldOut,
        DepthOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model is not nn.IModule<Tensor, Tensor> single)
            throw new InvalidOperationException(
                $"{model.GetName()} does not take one tensor: use MeasureDepth(training, heldOut, forward, labels).");
        return model.MeasureDepth(training, heldOut, batch => single.call(batch.Input), batch => batch.Labels, options);
    }

    /// <summary>
    /// Measures as the other overload does, for models with several inputs.
    /// </summary>
    /// <typeparam name="TBatch">The type of a batch.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="training">The batches to fit the heads to.</param>
    /// <param name="heldOut">The batches to score the heads on.</param>
    /// <param name="forward">Runs the model on a batch, through its <c>call</c>.</param>
    /// <param name="labels">The labels of a batch.</param>
    /// <param name="options">What to measure, and how; null for the defaults.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ArgumentNullException">An argument other than the options is null.</exception>
    /// <exception cref="ArgumentException">As in the other overload.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or not below the class count of the options.</exception>
    public static DepthReport MeasureDepth<TBatch>(
        this nn.Module model, IEnumerable<TBatch> training, IEnumerable<TBatch> heldOut, Action<TBatch> forward,
        Func<TBatch, Tensor> labels, DepthOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(labels);
        using var measurement = new DepthMeasurement(model, options ?? new DepthOptions());
        using (new EvaluationMode(model))
        using (no_grad())
        {
            measurement.Train(training, forward, labels, nameof(training));
            measurement.Test(heldOut, forward, labels, nameof(heldOut));
        }

        return measurement.Report();
    }

    /// <summary>Cuts a model behind a layer of a depth report: the layer's ridge head replaces everything after it.</summary>
    /// <param name="model">The model that was measured.</param>
    /// <param name="cut">The layer, such as <see cref="DepthReport.ShallowestCut"/>.</param>
    /// <param name="optimizers">Managed optimizers of the model's parameters, if it is trained further.</param>
    /// <returns>The cut, which can be reverted until it is released.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">As in the overload with a head, or the layer has no head.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler. Nothing was changed.</exception>
    public static EtfTruncation TruncateEtf(this nn.Module model, DepthLayer cut, params optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(cut);
        return model.TruncateEtf(cut.Name, cut.Head ?? throw new ArgumentException(
            $"Layer '{cut.Name}' has no head to cut behind: {cut.Reason ?? cut.CutObstacle}.", nameof(cut)), optimizers);
    }

    /// <summary>Cuts a model behind a layer: a head replaces everything after it.</summary>
    /// <param name="model">The model. Around the cut it must be a <c>Sequential</c> or nested ones.</param>
    /// <param name="cut">The layer's path. Its norm and activation stay if the head was fitted after them.</param>
    /// <param name="head">That layer's head, from <see cref="DepthLayer.Head"/>.</param>
    /// <param name="optimizers">Managed optimizers of the model's parameters, if it is trained further.</param>
    /// <returns>The cut, which can be reverted until it is released.</returns>
    /// <remarks>
    /// The parameters that are cut off leave the optimizers, with their state. The head's weight and bias take the places of the tail's
    /// last weight and last bias in the optimizers. <see cref="EtfPlan"/>, checkpoints and safetensors files record the cut. Parameters
    /// that the tail shares with the rest of the model stay.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// The model has no such layer, there is no layer before or after the cut, a skip connection may pass over it, the head belongs to
    /// another layer or has another width, or an optimizer has none of the model's parameters. The message says what is possible. Nothing
    /// was changed.
    /// </exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler. Nothing was changed.</exception>
    public static EtfTruncation TruncateEtf(this nn.Module model, string cut, DepthHead head, params optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cut);
        ArgumentNullException.ThrowIfNull(head);
        return Cut(model, cut, optimizers, () => HeadCut.Prepare(model, cut, head));
    }

    /// <summary>
    /// Drops the last blocks of a <c>Sequential</c> inside a model of any kind. The rest of the model, its head included, stays.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The path of the last block that stays, such as <c>blocks.5</c>.</param>
    /// <param name="example">Runs the model on an example, through its <c>call</c>. It runs in evaluation mode and without
    /// gradients.</param>
    /// <param name="optimizers">Managed optimizers of the model's parameters, if it is trained further.</param>
    /// <returns>The cut, which can be reverted until it is released.</returns>
    /// <remarks>
    /// The block's output must have the same shape as the last block's output. The model's head is not refitted: train it further.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// The model has no such block, nothing follows it, the shapes do not agree, the model uses the blocks one by one (so that a skip
    /// connection may pass over the cut), or an optimizer has none of the model's parameters. Nothing was changed.
    /// </exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler. Nothing was changed.</exception>
    public static EtfTruncation TruncateEtf(this nn.Module model, string cut, Action example, params optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cut);
        ArgumentNullException.ThrowIfNull(example);
        return Cut(model, cut, optimizers, () => RunCut.Prepare(model, cut, example));
    }

    private static EtfTruncation Cut(nn.Module model, string cut, IReadOnlyList<optim.Optimizer> optimizers, Func<TailCut> prepare)
    {
        var managed = Managed(model, optimizers);
        LiveSchedulers.RequireNone(model);
        using var pause = InferencePause.Begin();
        var tail = prepare();
        tail.Apply(managed);
        return new EtfTruncation(model, cut, tail);
    }
}
