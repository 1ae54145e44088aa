using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Several processes.</content>
public static partial class ModuleExtensions
{
    /// <summary>Lets the batch norms of a model normalize by the statistics of what all ranks see in one step, as one process would that
    /// sees the whole batch.</summary>
    /// <param name="model">The model; its <c>BatchNorm1d</c>, <c>BatchNorm2d</c> and <c>BatchNorm3d</c> stay the modules that they
    /// are.</param>
    /// <param name="collective">The ranks. All of them make this call, and then the same forwards and backwards in training mode.</param>
    /// <returns>What keeps them so until it is disposed, on all ranks.</returns>
    /// <remarks>
    /// <para>In training mode a forward makes two sums over the ranks per batch norm, and its backward two more; shares may differ in size.
    /// Sums are made in float64. Gradients are those of the sum of all ranks' losses: average the parameters' with
    /// <see cref="AdaptiveEtfScheduler.ReduceGradients"/>, as without this. In evaluation mode, and while a calibration calls the model,
    /// nothing is exchanged.</para>
    /// <para>Each rank's share needs two values per feature, and each batch norm is called by <c>call</c>. It also runs its own forward,
    /// whose result is not used: expect some 2 to 3 times the time of a plain batch norm, and the time of the sums.</para>
    /// <para>Where a rank fails during a backward pass, all gradients that pass a batch norm become NaN and the next call over the ranks,
    /// or of a batch norm, throws.</para>
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
    public static BatchNormSynchronization SynchronizeBatchNorm(this nn.Module model, ICollective collective)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(collective);
        return new BatchNormSynchronization(model, collective);
    }
}
