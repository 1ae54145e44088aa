using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>The depth that a network needs, and cutting it there.</content>
public static partial class ModuleExtensions
{
    /// <summary>Measures which of a model's layers add something: the held-out accuracy of heads fitted to each layer's features.</summary>
    /// <param name="model">The model, which takes one tensor.</param>
    /// <param name="training">Inputs and labels to fit the heads to (class indices, int64 or int32, one per sample or per position).</param>
    /// <param name="heldOut">Inputs and labels to score them on, of other samples.</param>
    /// <param name="options">What to measure, and how; null for the defaults.</param>
    /// <returns>The report: per layer the accuracy of the nearest training center and of a ridge head, parameters and time up to there.</returns>
    /// <remarks>
    /// Each sequence is enumerated once, and the model called once per batch, in evaluation mode and without gradient; modes are restored
    /// and nothing of the model changes. Beside the forwards it takes about 0.75 d^2 multiplications in float64 per training sample and
    /// layer of d features, and 8 d^2 bytes per layer. Fewer samples than features are allowed: the penalty holds the head.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="model"/>, <paramref name="training"/> or <paramref name="heldOut"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException">
    /// A sequence has no batch, labels are not class indices, one per sample, all training samples are of one class, or the options name a
    /// layer that the model does not have.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or not below the class count of the options.</exception>
    /// <exception cref="InvalidOperationException">The model does not take one tensor: use the other overload.</exception>
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
    /// Measures as <see cref="MeasureDepth(nn.Module, IEnumerable{ValueTuple{Tensor, Tensor}}, IEnumerable{ValueTuple{Tensor, Tensor}}, DepthOptions?)"/>,
    /// for models of several inputs.
    /// </summary>
    /// <typeparam name="TBatch">What a batch is.</typeparam>
    /// <param name="model">The model.</param>
    /// <param name="training">The batches to fit the heads to.</param>
    /// <param name="heldOut">The batches to score them on.</param>
    /// <param name="forward">Calls the model (by <c>call</c>) on a batch.</param>
    /// <param name="labels">The labels of a batch.</param>
    /// <param name="options">What to measure, and how; null for the defaults.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ArgumentNullException">An argument other than the options is null.</exception>
    /// <exception cref="ArgumentException">As in the other overload.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or not below the class count of the options.</exception>
    public static DepthReport MeasureDepth<TBatch>(
        this nn.Module model, IEnumerable<TBatch> training, IEnumerable<TBatch> heldOut, Action<TBatch> forward, Func<TBatch, Tensor> labels,
        DepthOptions? options = null)
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
}
