using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Watches how far each layer of a model has collapsed, by the nearest-class-center (NCC) error of its features, while the model trains.</summary>
/// <remarks>
/// <para>A layer's error is the share of samples whose features lie nearer (Euclidean) to another class's mean than to their own class's, the sample itself left out of
/// its own mean. Online, each epoch's features are scored against the class means of the epoch before, so the first epoch has no errors; <see cref="Evaluate(IEnumerable{ValueTuple{Tensor, Tensor}})"/>
/// gives exact ones. Source: Liu, arXiv 2412.00884; effective depth: Galanti et al., arXiv 2202.09028.</para>
/// <para>Forwards count that are made by <c>call</c>, in training mode, with gradients enabled and not within <see cref="Suspend"/>. A layer called several times in one
/// forward pools its calls: every call's rows are samples. Features are held from the forward to <see cref="Observe(Tensor)"/> and not longer. What a function overwrites in
/// place after a layer (say <c>relu_</c>) is seen overwritten. One thread at a time.</para>
/// </remarks>
public sealed partial class NccMonitor : IDisposable
{
    private readonly nn.Module _model;
    private readonly NccMonitorOptions _options;
    private readonly ForwardLog _log;
    private readonly List<Action> _removers = [];
    private readonly List<LayerTap> _taps = [];
    private readonly Dictionary<string, LayerState> _states = [];
    private readonly List<string> _order = [];
    private bool _orderIsFinal;
    private Tensor? _outside;
    private int _epoch = 1;
    private bool _disposed;

    /// <summary>Starts to watch a model's layers.</summary>
    /// <param name="model">The model. It is not owned: disposing the monitor takes its hooks away and nothing else.</param>
    /// <param name="options">What to watch, and how; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException">No layer is left to watch, or an <see cref="NccMonitorOptions.Include"/> pattern matches none.</exception>
    public NccMonitor(nn.Module model, NccMonitorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _options = options ?? new NccMonitorOptions();
        _log = new ForwardLog(model, _options.MaxPendingForwards);

        var nodes = ModuleTree.Walk(model);
        var chosen = LayerChoice.Choose(nodes, _options.Include, _options.Exclude);
        // The model's own hooks frame those of its layers: before all of them, and (registered last) after all of them.
        if (HookBinder.Before(model, _log.Enter) is { } enter)
            _removers.Add(enter);
        foreach (var node in chosen)
        {
            var point = FeaturePointFinder.Find(node, nodes, _options.FeaturePoint);
            _taps.Add(new LayerTap(node, point, _options.Pooling, _log.IsListening, _log.Fired));
            AddState(node.Path);
        }

        if (HookBinder.After(model, _log.Leave) is { } leave)
            _removers.Add(leave);
    }

    /// <summary>Gets the watched layers' paths in forward order: as registered until a forward has shown the order of calls.</summary>
    internal IReadOnlyList<string> Layers => _order;

    /// <summary>The report of the running epoch; changes nothing.</summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport Compute()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Flush();
        return new CollapseReport
        {
            Layers = [.. _order.Select((name, index) => LayerReporter.Online(name, _taps.Find(tap => tap.Name == name), _states[name], Before(index), _options))],
            Epoch = _epoch,
            UnlabeledForwards = _log.Unlabeled,
        };
    }

    /// <summary>Ends the epoch: gives its report, and makes its class means the centers of the next one.</summary>
    /// <remarks>The report's numbers are also recorded as gauges <c>etfnet.collapse.nccError</c> and so on, of the meter <c>EtfNet</c>, tagged with the layer.</remarks>
    /// <exception cref="InvalidOperationException">Labels on CUDA were out of range. They were left out, and calling again ends the epoch without them.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport EndEpoch()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ThrowIfLabelsWereOutside();
        var report = Compute();
        foreach (var state in _states.Values)
            state.EndEpoch();
        _log.Unlabeled = 0;
        _epoch++;
        CollapseInstruments.Record(report);
        return report;
    }

    /// <summary>Forgets everything: statistics, centers, waiting forwards, the epoch's number. The hooks stay.</summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Reset()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = NewDisposeScope();
        foreach (var (name, state) in _states.ToArray())
        {
            state.Dispose();
            _states[name] = new LayerState(_options);
        }

        _outside?.zero_();
        _log.Clear();
        _log.Unlabeled = 0;
        _epoch = 1;
    }

    /// <summary>Forwards do not count until the result is disposed: for the second pass of sharpness-aware steps, or validation in training mode. Calls nest.</summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public IDisposable Suspend()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _log.Suspensions++;
        return new Suspension(_log);
    }

    /// <summary>Takes the hooks away and lets go of what waits. The model stays as it is.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var remove in _removers)
            remove();
        foreach (var tap in _taps)
            tap.Dispose();
        foreach (var state in _states.Values)
            state.Dispose();
        _outside?.Dispose();
        _log.Dispose();
    }

    /// <summary>Another module has come in a layer's place: its hook moves there, its statistics stay.</summary>
    /// <exception cref="ArgumentException">No such layer is watched, or the module has no hooks.</exception>
    internal void Follow(string layer, nn.Module replacement)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var tap = _taps.Find(entry => entry.Name == layer)
            ?? throw new ArgumentException($"No layer '{layer}' is watched; watched are: {string.Join(", ", _order)}.", nameof(layer));
        tap.Follow(replacement);
    }

    private void AddState(string name)
    {
        _states.Add(name, new LayerState(_options));
        _order.Add(name);
    }

    /// <summary>Labels that were left on their device are judged here, where waiting for it costs nothing more.</summary>
    private void ThrowIfLabelsWereOutside()
    {
        using var scope = NewDisposeScope();
        var count = _outside?.item<long>() ?? 0;
        _outside?.zero_();
        if (count > 0)
            throw new InvalidOperationException(
                $"{count} labels of this epoch were negative or not below the class count ({_options.ClassCount?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the width of the model's output"}). "
                + "They were left out; calling EndEpoch once more ends the epoch without them.");
    }

    /// <summary>The first forward shows in which order layers are called; those not called keep their place after the one registered before them.</summary>
    private void SetOrder(ForwardRecord record)
    {
        if (_orderIsFinal)
            return;
        _orderIsFinal = true;
        var called = record.Features.Select(entry => entry.Tap.Name).Distinct().ToList();
        var keys = new Dictionary<string, int>();
        var last = -1;
        foreach (var name in _order)
            keys[name] = last = called.IndexOf(name) is var index and >= 0 ? index : last;
        var sorted = _order.OrderBy(name => keys[name]).ToList();
        _order.Clear();
        _order.AddRange(sorted);
    }

    /// <summary>The statistics of the features that go into a layer: those of the layer before it.</summary>
    private ClassStatistics? Before(int index) => index == 0 ? null : _states[_order[index - 1]].Current;

    private sealed class Suspension(ForwardLog log) : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            if (!_disposed)
                log.Suspensions--;
            _disposed = true;
        }
    }
}
