using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Several processes.</content>
public static partial class ModuleExtensions
{
    /// <summary>Makes the batch norms of a model normalize with the statistics of what all ranks see in one step, as a single process with
    /// the whole batch would.</summary>
    /// <param name="model">The model. Its <c>BatchNorm1d</c>, <c>BatchNorm2d</c> and <c>BatchNorm3d</c> modules are not replaced.</param>
    /// <param name="collective">The ranks. All of them make this call, and then the same forwards and backwards in training mode.</param>
    /// <param name="weightedBySamples">
    /// Whether <see cref="AdaptiveEtfScheduler.ReduceGradients"/> will get the number of samples as weight. Set it where the ranks' shares
    /// differ in size and each rank's loss is a mean over its share; the gradients are then those of the mean over all samples.
    /// </param>
    /// <returns>The synchronization, which lasts until this object is disposed on all ranks.</returns>
    /// <remarks>
    /// <para>In training mode a forward computes two sums over the ranks per batch norm, and its backward two more; the ranks' shares may
    /// differ in size. Sums are computed in float64. Gradients are those of the sum of all ranks' losses: average the gradients of the
    /// parameters with <see cref="AdaptiveEtfScheduler.ReduceGradients"/>, as without synchronization. In evaluation mode, and while a
    /// calibration calls the model, nothing is exchanged.</para>
    /// <para>A rank's share may have one row, or none. Each batch norm must be called through <c>call</c>. It also runs its own forward,
    /// whose result is not used, so it takes longer than a plain batch norm.</para>
    /// <para>If a rank fails during a backward pass, all gradients that pass through a batch norm become NaN, and the next call over the
    /// ranks, or of a batch norm, throws.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">A batch norm of the model is synchronized already. Nothing was changed.</exception>
    /// <exception cref="CollectiveException">
    /// The batch norms of the ranks differ, and nothing was changed; or a rank is missing, has left or has failed.
    /// </exception>
    /// <example>
    /// <code>
    /// using var ranks = MpiCollective.Start();
    /// using var synchronization = model.SynchronizeBatchNorm(ranks);
    /// using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Collective = ranks }, optimizer);
    /// </code>
    /// </example>
    public static BatchNormSynchronization SynchronizeBatchNorm(
        this nn.Module model, ICollective collective, bool weightedBySamples = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(collective);
        return new BatchNormSynchronization(model, collective, weightedBySamples);
    }
}
