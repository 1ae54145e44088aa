using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Watches the layers of a model that is being trained and fixes those that have collapsed as simplex ETFs.</summary>
/// <remarks>
/// A callback: it owns no loop. Made by <see cref="ModuleExtensions"/>; call <see cref="Observe"/> after each step and <see cref="EndEpoch"/> after each
/// epoch, between the optimizer's step and the next forward. Not thread-safe. Source: Liu, arXiv 2412.00884 (Adaptive-ETF).
/// </remarks>
public sealed partial class AdaptiveEtfScheduler : IDisposable
{
    private readonly nn.Module _model;
    private readonly AdaptiveEtfOptions _options;
    private readonly List<OptimizerHelper> _optimizers;
    private readonly WatchedLayers _watched;
    private readonly NccMonitor _monitor;
    private readonly InputSample _inputs;
    private readonly ILogger _log;
    private readonly FixGuard? _guard;
    private LayerInputSample? _layerInputs;
    private int _epoch;
    private int _observed;
    private bool _disposed;

    /// <exception cref="ArgumentException">No layer can be fixed.</exception>
    internal AdaptiveEtfScheduler(nn.Module model, AdaptiveEtfOptions options, IReadOnlyList<OptimizerHelper> optimizers)
    {
        _model = model;
        _options = options;
        _optimizers = [.. optimizers];
        _watched = new WatchedLayers(model, options);
        _log = options.Logger ?? NullLogger.Instance;
        if (options.Logger is { } logger)
            KernelLog.Instance.Listen(message => Log.Kernels(logger, message));
        _guard = options.Guard is null ? null : new FixGuard(options.Guard);
        _monitor = new NccMonitor(model, new NccMonitorOptions
        {
            ClassCount = options.ClassCount,
            FeaturePoint = options.FeaturePoint,
            Pooling = options.Pooling,
            Metrics = CollapseMetricSet.None,
            LeaveOneOut = options.LeaveOneOut,
        });
        _inputs = new InputSample(model, options.CalibrationSamples);
        foreach (var (layer, reason) in _watched.Skipped)
            Log.LayerSkipped(_log, layer, reason);
        Report = NewReport(null, new Dictionary<string, LayerDecision>(), [], []);
    }

    /// <summary>Raised after a layer was fixed, at the end of an epoch.</summary>
    public event EventHandler<LayerFixedEventArgs>? LayerFixed;

    /// <summary>Raised after a fixed layer was made trainable again.</summary>
    public event EventHandler<LayerRevertedEventArgs>? LayerReverted;

    /// <summary>Gets the options it was made with.</summary>
    public AdaptiveEtfOptions Options => _options;

    /// <summary>Gets the report of the last epoch; before the first, the layers without errors.</summary>
    public EtfReport Report { get; private set; }

    internal nn.Module Model => _model;

    internal IReadOnlyList<OptimizerHelper> Optimizers => _optimizers;

    /// <summary>Takes the labels of the batch, or of the accumulated batches, that the model has just seen in training mode.</summary>
    /// <param name="labels">Class indices, int64 or int32, shape (N), on any device.</param>
    /// <exception cref="ArgumentException">The labels are of another type or number, or out of range; nothing was counted.</exception>
    /// <exception cref="InvalidOperationException">The model has not been called in training mode since the last call.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Observe(Tensor labels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _monitor.Observe(labels);
        _inputs.Observe(labels);
        _observed++;
        if (!_inputs.CanReplay)
            _layerInputs ??= new LayerInputSample(_watched.Layers.Where(layer => layer.Fix is null).Select(layer => layer.Layer), _options.CalibrationSamples);
    }

    /// <summary>Forwards until the returned object is disposed do not count: for validation in training mode, or the first step of sharpness-aware training.</summary>
    /// <returns>Ends the pause on dispose.</returns>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public IDisposable Suspend()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _monitor.Suspend();
    }

    /// <summary>Ends an epoch: scores every layer and fixes those that are ready.</summary>
    /// <param name="loss">A loss, lower is better; only with <see cref="AdaptiveEtfOptions.Guard"/>, then this or the accuracy.</param>
    /// <param name="accuracy">An accuracy, a fraction, higher is better; only with <see cref="AdaptiveEtfOptions.Guard"/>.</param>
    /// <returns>What was found and done.</returns>
    /// <remarks>The model is called with inputs of the epoch once more, in evaluation mode. What it throws then comes out here; nothing is fixed, and the epoch is over.</remarks>
    /// <exception cref="InvalidOperationException">No batch was observed in the epoch, a forward is in progress, or the model's layers were changed by hand. Nothing was changed.</exception>
    /// <exception cref="ArgumentException">The guard needs one of loss and accuracy, or a value was given that is of no use. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpoch(double? loss = null, double? accuracy = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var cost = Cost(loss, accuracy);
        if (_observed == 0)
            throw new InvalidOperationException("No batch was observed in this epoch. Call Observe(labels) after each training step, before EndEpoch.");
        RequireNoForward();
        _watched.RequireUnchanged();

        var collapse = _monitor.EndEpoch();
        _epoch++;
        try
        {
            if (_options.Decision == FixDecision.Exact)
                collapse = Exact(collapse);
            var reverted = cost is null ? [] : RevertCostly(cost.Value);
            var decisions = new Dictionary<string, LayerDecision>();
            var fixedNow = FixReady(collapse, cost, decisions);
            Report = NewReport(collapse, decisions, fixedNow, reverted);
            Announce(fixedNow, reverted);
            return Report;
        }
        finally
        {
            // Also where the model threw in evaluation mode: the epoch is over.
            _inputs.NextEpoch();
            _layerInputs?.NextEpoch();
            _observed = 0;
        }
    }

    /// <summary>Makes a fixed layer trainable again: as it was before, where a guard still keeps that; otherwise starting from the frame, with fresh optimizer state.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="layer"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no such layer, or it is not fixed.</exception>
    /// <exception cref="InvalidOperationException">A forward is in progress, or the layer can no longer be reached. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Revert(string layer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(layer);
        var watched = _watched[layer];
        if (watched.Fix is null)
            throw new ArgumentException($"Layer '{layer}' is not fixed.", nameof(layer));
        RequireNoForward();
        Announce([], [(TakeBack(watched), new LayerDecision(layer, LayerReason.RevertedByHand))]);
    }

    /// <summary>Tells the scheduler of an optimizer that it was not given: weights that are fixed now, or will be, leave that one too, with their state.</summary>
    /// <param name="optimizer">A managed optimizer of the model's parameters.</param>
    /// <exception cref="ArgumentNullException"><paramref name="optimizer"/> is null.</exception>
    /// <exception cref="ArgumentException">The optimizer has none of the model's parameters.</exception>
    /// <exception cref="NotSupportedException">The optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void AddOptimizer(optim.Optimizer optimizer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var managed = OptimizerDetachment.Managed(optimizer, _model, nameof(optimizer));
        if (_optimizers.Contains(managed))
            return;
        _optimizers.Add(managed);
        foreach (var layer in _watched.Layers)
            layer.Fix?.Leave(managed);
    }

    /// <summary>Stops watching. Layers that are fixed stay fixed; what a guard still kept is freed.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        LiveSchedulers.Remove(this);
        _monitor.Dispose();
        _inputs.Dispose();
        _layerInputs?.Dispose();
        foreach (var layer in _watched.Layers)
            layer.Fix?.Release();
    }

    private double? Cost(double? loss, double? accuracy)
    {
        if (loss is not null && accuracy is not null)
            throw new ArgumentException("Give the loss or the accuracy, not both.", nameof(accuracy));
        if (accuracy is { } share && share is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(accuracy), accuracy, "Must be a fraction in [0, 1].");
        if (_guard is not null && loss is null && accuracy is null)
            throw new ArgumentException("The guard judges switches by a loss or an accuracy: pass EndEpoch(loss: ...) or EndEpoch(accuracy: ...).", nameof(loss));
        return loss ?? -accuracy;
    }

    private void RequireNoForward()
    {
        // A forward that threw leaves the flag set: only then, look at who is calling.
        if (_inputs.InForward && CallStack.IsInsideModule())
            throw new InvalidOperationException("A forward of the model is in progress. Layers change, and states are copied, between the optimizer's step and the next forward only.");
    }
}
