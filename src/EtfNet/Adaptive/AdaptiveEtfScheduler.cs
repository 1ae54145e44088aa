using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Watches the layers of a model during training, and fixes those that have collapsed as simplex ETFs.</summary>
/// <remarks>
/// The scheduler works by callbacks and does not run the training loop. It is made by <see cref="ModuleExtensions"/>. Call
/// <see cref="Observe(Tensor)"/> after each step and <see cref="EndEpoch()"/> after each epoch, between the optimizer's step and the next
/// forward. The scheduler is not thread-safe. Source: Liu, arXiv 2412.00884 (Adaptive-ETF).
/// </remarks>
public sealed partial class AdaptiveEtfScheduler : IDisposable
{
    private readonly nn.Module _model;
    private readonly AdaptiveEtfOptions _options;
    private readonly KnownOptimizers _optimizers;
    private readonly WatchedLayers _watched;
    private readonly NccMonitor _monitor;
    private readonly InputSample _inputs;
    private readonly SchedulerMemory _memory;
    private readonly ILogger _log;
    private readonly FixGuard? _guard;
    private LayerInputSample? _layerInputs;
    private InputConvolutions? _first;
    private int _observed;
    private bool _disposed;

    /// <exception cref="ArgumentException">No layer can be fixed.</exception>
    internal AdaptiveEtfScheduler(nn.Module model, AdaptiveEtfOptions options, IReadOnlyList<OptimizerHelper> optimizers)
    {
        _model = model;
        _options = options;
        JoinRanks();
        _optimizers = new KnownOptimizers(optimizers);
        _watched = new WatchedLayers(model, options, _optimizers.All);
        _log = options.Logger ?? NullLogger.Instance;
        if (options.Logger is { } logger)
            KernelLog.Instance.Listen(message => Log.Kernels(logger, message));
        _guard = options.Guard is null ? null : new FixGuard(options.Guard);
        _monitor = new NccMonitor(model, MonitorChoice.For(options));
        _inputs = new InputSample(_monitor.Forwards, RankShare(options.CalibrationSamples), () => (options.Seed, _memory!.Epoch));
        _memory = new SchedulerMemory(_watched, _inputs, _monitor);
        _first = _watched.WantsFirst && ModuleTree.Walk(model).Any(node => node.Module is Convolution)
            ? new InputConvolutions(_monitor.Forwards, model)
            : null;
        foreach (var layer in _watched.Reach.Skipped.Where(layer => _watched.Find(layer.Name)?.SeesInputs != true))
            Log.LayerSkipped(_log, layer.Name, layer.Reason);
        Report = NewReport(new EpochOutcome());
    }

    /// <summary>Raised after a layer was fixed, at the end of an epoch.</summary>
    public event EventHandler<LayerFixedEventArgs>? LayerFixed;

    /// <summary>Raised after a fixed layer was made trainable again.</summary>
    public event EventHandler<LayerRevertedEventArgs>? LayerReverted;

    /// <summary>Gets the options that the scheduler was made with.</summary>
    public AdaptiveEtfOptions Options => _options;

    /// <summary>Gets the report of the last epoch; before the end of the first epoch, a report of the layers without errors.</summary>
    public EtfReport Report { get; private set; }

    /// <summary>
    /// Gets whether the scheduler is currently calling the model with kept inputs, on the calling thread. Hooks that count or record can
    /// use it to ignore such calls.
    /// </summary>
    /// <value>Hooks that were seen not to change their module's inputs and outputs are not run in such calls. One that was added since the
    /// last forward is not known yet, and is run.</value>
    public bool IsReplaying => _monitor.Forwards.Observer.IsReplaying;

    internal nn.Module Model => _model;

    internal IReadOnlyList<OptimizerHelper> Optimizers => _optimizers.All;

    /// <summary>Takes the labels of the batch, or of the accumulated batches, that the model has just seen in training mode.</summary>
    /// <param name="labels">
    /// Class indices, int64 or int32, on any device: one per sample, (B) or (B, 1), or one per position, (B, T) or (B, H, W). Their number
    /// is that of the rows of one forward that waits for labels, or of all waiting forwards together, in order.
    /// <see cref="AdaptiveEtfOptions.IgnoreIndex"/> marks a row without a label.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="labels"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The labels are of another type or number, or fit several forwards of different inputs; nothing was counted.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; nothing was counted.</exception>
    /// <exception cref="InvalidOperationException">The model has not been called in training mode since the last call.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler, or the model, is disposed.</exception>
    /// <example>
    /// <code>
    /// optimizer.zero_grad();
    /// cross_entropy(model.call(x), y).backward();
    /// optimizer.step();
    /// etf.Observe(y);
    /// </code>
    /// </example>
    public void Observe(Tensor labels)
    {
        RequireAlive();
        _monitor.Observe(labels);
        Observed();
    }

    /// <summary>
    /// Takes the labels of the forward that returned a given tensor. Use it if several forwards of a step have the same length.
    /// </summary>
    /// <param name="labels">Class indices, as for <see cref="Observe(Tensor)"/>.</param>
    /// <param name="output">
    /// The same tensor object that the model's call returned, or one in the tuple, dictionary or object that it returned.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// No waiting forward returned that tensor, or the labels are of another type or number; nothing was counted.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; nothing was counted.</exception>
    /// <exception cref="InvalidOperationException">The model has not been called in training mode since the last call.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler, or the model, is disposed.</exception>
    public void Observe(Tensor labels, Tensor output)
    {
        RequireAlive();
        _monitor.Observe(labels, output);
        Observed();
    }

    /// <summary>Takes features, passed by hand, of a layer that no hook sees. Their error decides when that layer is fixed.</summary>
    /// <param name="layer">The layer's name. With a name that no layer has, the report shows the error, and nothing is fixed.</param>
    /// <param name="features">Samples (or positions) x anything, of a floating type; pooled as the options say.</param>
    /// <param name="labels">Class indices, int64 or int32, one per sample or one per position.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// The features are not of a floating type, are empty, or have another width than before, or the labels are not class indices, one per
    /// row; nothing was counted.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; nothing was counted.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler, or the model, is disposed.</exception>
    public void Observe(string layer, Tensor features, Tensor labels)
    {
        RequireAlive();
        _monitor.Observe(layer, features, labels);
        Observed();
    }

    /// <summary>Ignores forwards until the returned object is disposed: for validation in training mode, or for the first step of
    /// sharpness-aware training.</summary>
    /// <returns>An object that ends the pause when it is disposed.</returns>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public IDisposable Suspend()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _monitor.Suspend();
    }

    /// <summary>Stops watching. Fixed layers stay fixed; the old weights that a guard still keeps are freed.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        LiveSchedulers.Remove(this);
        _reducer?.Dispose();
        _layerInputs?.Dispose();
        _first?.Dispose();
        _inputs.Dispose();
        _monitor.Dispose();
        foreach (var fix in AllFixes)
            fix.Release();
        _cut?.Tail.Release();
    }

    private void Observed()
    {
        _observed++;
        if (!_inputs.CanReplay)
            _layerInputs ??= new LayerInputSample(
                _monitor.Forwards, _watched.Trained.Select(layer => layer.Layer), _options.CalibrationSamples);
    }

    /// <summary>Records which convolutions see the model's inputs, as the epoch's forwards have shown.</summary>
    private void SettleFirst()
    {
        if (_first?.TakeNews() is not { } found)
            return;
        _watched.Settle(found);
        foreach (var layer in _watched.Reach.Skipped.Where(layer => _watched.Find(layer.Name)?.SeesInputs == true))
            Log.LayerSkipped(_log, layer.Name, layer.Reason);
    }

    private void RequireAlive()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ObjectDisposedException.ThrowIf(_watched.Trained.Any(layer => layer.Layer.Weight.IsInvalid), _model);
    }

    private void RequireNoForward()
    {
        // A forward that threw leaves the flag set, so look at the call stack before refusing.
        if (_inputs.InForward && CallStack.IsInsideModule())
            throw new InvalidOperationException(
                "A forward of the model is in progress. Change layers and copy states only between the optimizer's step and the next "
                + "forward.");
    }
}
