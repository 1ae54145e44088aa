using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Methods that EtfNet adds to a TorchSharp model.</summary>
public static partial class ModuleExtensions
{
    /// <summary>Watches a model during training and fixes the layers that have collapsed. The weights are not removed from an
    /// optimizer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="epsilon">The nearest-class-center error at or below which a layer is fixed, a fraction in (0, 1).</param>
    /// <returns>The scheduler to call after each step and each epoch: the live one, if the model has one with the same options.</returns>
    /// <remarks>Training works as usual, but the optimizer keeps its state for fixed weights in memory: prefer the overload that takes the
    /// optimizer.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Epsilon lies outside (0, 1).</exception>
    /// <exception cref="ArgumentException">No layer of the model can be fixed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler with other options.</exception>
    public static AdaptiveEtfScheduler ApplyAdaptiveEtf(this nn.Module model, double epsilon) =>
        model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = epsilon });

    /// <summary>Watches a model during training, fixes the layers that have collapsed, and removes their weights from the
    /// optimizer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="epsilon">The nearest-class-center error at or below which a layer is fixed, a fraction in (0, 1).</param>
    /// <param name="optimizer">A managed optimizer of the model's parameters.</param>
    /// <returns>The scheduler to call after each step and each epoch: the live one, if the model has one with the same options.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Epsilon lies outside (0, 1).</exception>
    /// <exception cref="ArgumentException">No layer of the model can be fixed, or the optimizer has none of the model's
    /// parameters.</exception>
    /// <exception cref="NotSupportedException">The optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">The optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler with other options.</exception>
    /// <example>
    /// <code>
    /// using var etf = model.ApplyAdaptiveEtf(epsilon: 0.1, optimizer);
    /// for (var epoch = 1; epoch &lt;= epochs; epoch++)
    /// {
    ///     foreach (var (input, labels) in batches)
    ///     {
    ///         optimizer.zero_grad();
    ///         cross_entropy(model.call(input), labels).backward();
    ///         optimizer.step();
    ///         etf.Observe(labels);
    ///     }
    ///
    ///     Console.WriteLine(etf.EndEpoch());
    /// }
    /// </code>
    /// </example>
    public static AdaptiveEtfScheduler ApplyAdaptiveEtf(this nn.Module model, double epsilon, optim.Optimizer optimizer) =>
        model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = epsilon }, optimizer);

    /// <summary>Watches a model during training, with the given options.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">When a layer is fixed, and with which frame.</param>
    /// <param name="optimizers">Managed optimizers of the model's parameters; may be empty. If it is not, only layers that these optimizers
    /// train are fixed.</param>
    /// <returns>The scheduler to call after each step and each epoch: the live one, if the model has one with the same options.</returns>
    /// <remarks>
    /// A layer is skipped if anything else in the model uses its weight: an embedding, another layer, or an object of the model that holds
    /// the tensor. A model is refused if it has no layer that is fixed or of a kind that can be fixed, or if all such layers are skipped
    /// and there is no other layer to measure.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The model is refused, a pattern of the options names no layer, or an optimizer has none of the
    /// model's parameters.</exception>
    /// <exception cref="NotSupportedException">
    /// An optimizer is native (LBFGS), or the options have <see cref="TailPolicy.Cut"/> and a <see cref="AdaptiveEtfOptions.Collective"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler with other options.</exception>
    public static AdaptiveEtfScheduler ApplyAdaptiveEtf(this nn.Module model, AdaptiveEtfOptions options,
        params optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(optimizers);
        if (options is { Tail: TailPolicy.Cut, Collective: not null })
            throw new NotSupportedException(
                "Several ranks cannot cut a model together: leave Tail at Keep, or train without Collective. To cut it, call TruncateEtf "
                + "on all ranks before ApplyAdaptiveEtf.");
        if (LiveSchedulers.Find(model) is { } live)
        {
            if (!live.Options.Equals(options))
                throw new InvalidOperationException(
                    "The model already has a scheduler with other options. Dispose it first, or use it.");
            live.AddOptimizers(optimizers, nameof(optimizers));
            return live;
        }

        var scheduler = new AdaptiveEtfScheduler(model, options, Managed(model, optimizers));
        LiveSchedulers.Add(scheduler);
        return scheduler;
    }

    /// <summary>Fixes the given layers as simplex ETFs immediately, before training or for inference.</summary>
    /// <param name="model">The model.</param>
    /// <param name="frame">The frame: <see cref="EtfFrame.Identity"/> or a random one before training; <see cref="EtfFrame.Nearest"/> is
    /// fitted to the current weights.</param>
    /// <param name="layers">Names of linear layers and convolutions; they may contain <c>*</c> and <c>?</c>.</param>
    /// <returns>What was fixed, in registration order.</returns>
    /// <remarks>
    /// Call this before the optimizer is made. Biases stay and are trained. Layers that share a weight are fixed together: name all of
    /// them. Source: Liu, arXiv 2412.00884, whose first experiment fixes all layers from a given one on.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// A name matches no linear or convolution layer; a layer has no frame of that kind, or a dtype that cannot hold it; the frame needs
    /// inputs to align with; or something else in the model uses a layer's weight. Nothing was changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler.</exception>
    /// <example>
    /// <code>
    /// foreach (var layer in model.ApplyEtf(EtfFrame.Identity, "hidden*"))
    ///     Console.WriteLine($"{layer.Name}: {layer.ParametersFixed} weights are no longer trained");
    /// </code>
    /// </example>
    public static IReadOnlyList<FixedLayer> ApplyEtf(this nn.Module model, EtfFrame frame, params string[] layers) =>
        model.ApplyEtf(frame, layers, []);

    /// <summary>Fixes the given layers as simplex ETFs immediately, and removes their weights from existing optimizers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="frame">The frame, as in <see cref="ApplyEtf(nn.Module, EtfFrame, string[])"/>.</param>
    /// <param name="layers">Names of linear layers and convolutions; they may contain <c>*</c> and <c>?</c>.</param>
    /// <param name="optimizers">Managed optimizers of the model's parameters.</param>
    /// <returns>What was fixed, in registration order.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">As in the other overload, or an optimizer has none of the model's parameters. Nothing was
    /// changed.</exception>
    /// <exception cref="NotSupportedException">An optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">An optimizer is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler.</exception>
    public static IReadOnlyList<FixedLayer> ApplyEtf(this nn.Module model, EtfFrame frame, IReadOnlyList<string> layers,
        IReadOnlyList<optim.Optimizer> optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(layers);
        var managed = Managed(model, optimizers);
        LiveSchedulers.RequireNone(model);
        using var pause = InferencePause.Begin();
        var made = StaticFix.Run(model, layers, target => StaticFix.FrameFor(frame, target), managed);
        return [.. made.Select(one => FixedLayer.From(one, epoch: 0, nccError: null, outputError: null))];
    }

    /// <summary>Turns every fixed layer back into a plain <c>nn.Linear</c> or convolution with the same outputs, for export and for tools
    /// that do not know EtfNet.</summary>
    /// <param name="model">The model; its outputs stay the same.</param>
    /// <returns>The names of the layers, in registration order.</returns>
    /// <remarks>
    /// Afterwards no layer counts as fixed. Optimizers keep working, because the model's parameters are the same objects as before. A
    /// weight that was fixed becomes a constant, a buffer of its layer: it is saved, loaded and moved with the model, but is not among
    /// <c>parameters()</c>. A weight that was fixed in place stays a parameter without gradient. In a newly built model that loads this
    /// state, all weights are parameters as usual.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler, or a place that holds a layer cannot hold a Linear.
    /// Nothing was changed.</exception>
    /// <example>
    /// <code>
    /// etf.Dispose();                              // training has ended
    /// model.MaterializeEtf();
    /// model.SaveSafetensors("dense.safetensors"); // any program can load it
    /// </code>
    /// </example>
    public static IReadOnlyList<string> MaterializeEtf(this nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        LiveSchedulers.RequireNone(model);
        using var pause = InferencePause.Begin();
        return Materialization.Run(model);
    }

    /// <summary>Counts a model's parameters, and the bytes that the model and its training currently take.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">Its optimizers, for the bytes of their state.</param>
    /// <returns>The counts; <see cref="ModelFootprint.ToString"/> is a readable table.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ModelFootprint MeasureFootprint(this nn.Module model, params optim.Optimizer[] optimizers)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizers);
        return FootprintMeasurement.Of(model, optimizers);
    }

    /// <summary>Checks optimizers before anything is changed.</summary>
    private static List<OptimizerHelper> Managed(nn.Module model, IReadOnlyList<optim.Optimizer> optimizers)
    {
        ArgumentNullException.ThrowIfNull(optimizers);
        return [.. optimizers.Select(optimizer => ManagedOptimizers.Require(optimizer, model, [], nameof(optimizers))).Distinct()];
    }
}
