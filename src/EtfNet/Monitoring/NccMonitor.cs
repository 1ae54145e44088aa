using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Measures during training how far each layer of a model has collapsed, by the nearest-class-center (NCC) error of its
/// features.</summary>
/// <remarks>
/// <para>A layer's error is the share of samples whose features lie nearer (Euclidean) to another class's mean than to the mean of their
/// own class, which is computed without the sample. Online, each epoch's features are scored against the class means of the previous epoch,
/// so the first epoch has no errors; <c>Evaluate</c> gives exact errors. Source: Liu, arXiv
/// 2412.00884; effective depth: Galanti et al., arXiv 2202.09028.</para>
/// <para>A forward is one call of the model. It counts in training mode, with gradients enabled and outside <see cref="Suspend"/>. Calls of
/// a layer outside a forward of the model are ignored. If a layer is called several times in one forward, the rows of every call are
/// samples. Features are kept from the forward to <see cref="Observe(Tensor)"/>, and no longer. If a function (such as <c>relu_</c>)
/// overwrites a layer's output in place, the overwritten values are measured.</para>
/// <para>Forwards may run on several threads at once, for example those of a server in evaluation mode and those of the training. The
/// members of this class may be called by one thread at a time.</para>
/// </remarks>
/// <example>
/// <code>
/// using var monitor = new NccMonitor(model);
/// foreach (var (input, labels) in batches)
/// {
///     optimizer.zero_grad();
///     cross_entropy(model.call(input), labels).backward();
///     optimizer.step();
///     monitor.Observe(labels);
/// }
///
/// Console.WriteLine(monitor.EndEpoch());                    // online, while the network trained
/// Console.WriteLine(monitor.Evaluate(validationBatches));   // exact, of the network as it is
/// </code>
/// </example>
public sealed partial class NccMonitor : IDisposable
{
    private readonly nn.Module _model;
    private readonly NccMonitorOptions _options;
    private readonly ObservedForwards _forwards;
    private readonly Dictionary<string, LayerTap> _taps = [];
    private readonly MonitorState _state;
    private Tensor? _outside;
    private bool _disposed;

    /// <summary>Starts watching a model's layers.</summary>
    /// <param name="model">The model. The monitor does not own it: disposing the monitor only removes its hooks.</param>
    /// <param name="options">Which layers to watch, and how; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException">No layer is left to watch, or an <see cref="NccMonitorOptions.Include"/> pattern matches
    /// none.</exception>
    public NccMonitor(nn.Module model, NccMonitorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _options = options ?? new NccMonitorOptions();
        var nodes = ModuleTree.Walk(model);
        var chosen = LayerChoice.Choose(nodes, _options.Include, _options.Exclude, nameof(options));
        _forwards = new ObservedForwards(model, _options.Observation);
        _state = new MonitorState(_forwards, _taps.Keys);
        Watch(nodes, chosen);
    }

    /// <summary>Gets the watched layers' paths in forward order; until a forward has shown the order of calls, in registration
    /// order.</summary>
    internal IReadOnlyList<string> Layers => _state.Order.Names;

    /// <summary>Gets the forwards that are observed, for what else follows them.</summary>
    internal ObservedForwards Forwards => _forwards;

    /// <summary>Gives the report of the current epoch, and changes nothing.</summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport Compute()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Flush();
        return new CollapseReport
        {
            Layers =
            [
                .. from name in _state.Order.Names
                   let head = HeadOf(name, input => _state.Layers[input].Current)
                   select LayerReporter.Online(name, Source(name), _state.Layers[name], head, _options) with { HasPlace = HasPlace(name) },
            ],
            Epoch = _state.Epoch,
            UnlabeledForwards = _state.Unlabeled,
        };
    }

    /// <summary>Ends the epoch: gives its report, and makes its class means the centers of the next epoch.</summary>
    /// <remarks>The report's numbers are also recorded as gauges <c>etfnet.collapse.nccError</c> and so on, of the meter <c>EtfNet</c>,
    /// tagged with the layer.</remarks>
    /// <exception cref="InvalidOperationException">Labels on CUDA were out of range. They were left out, and calling again ends the epoch
    /// without them.</exception>
    /// <exception cref="CollectiveException">
    /// With <see cref="NccMonitorOptions.Collective"/>: the ranks' monitors differ, only some ranks observed labels, or a rank failed or is
    /// missing.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport EndEpoch()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_options.Collective is { } group)
            MergeRanks(group);
        ThrowIfLabelsWereOutside();
        _forwards.EndEpoch();
        var report = Compute();
        foreach (var state in _state.Layers.Values)
            state.EndEpoch();
        _state.Unlabeled = 0;
        _state.Epoch++;
        CollapseInstruments.Record(report);
        return report;
    }

    /// <summary>
    /// Clears everything: statistics, centers, waiting forwards, the epoch number, and whether labels are per sample or per position. The
    /// hooks stay.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Reset()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = NewDisposeScope();
        foreach (var (name, state) in _state.Layers.ToArray())
        {
            state.Dispose();
            _state.Layers[name] = new LayerState(_options);
        }

        _outside?.zero_();
        _forwards.Reset();
        _state.Epoch = 1;
    }

    /// <summary>
    /// Ignores forwards that begin before the returned object is disposed: for the second pass of sharpness-aware steps, or for validation
    /// in training mode. Calls can be nested.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public IDisposable Suspend()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _forwards.Suspend();
    }

    /// <summary>Removes the hooks and discards waiting forwards. The model does not change.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var tap in _taps.Values)
            tap.Dispose();
        _forwards.Dispose();
        _state.Clear();
        _outside?.Dispose();
    }

    /// <summary>Follows a layer to the module that replaced it: the hook moves, the statistics stay.</summary>
    /// <exception cref="ArgumentException">No such layer is watched, or the module has no hooks.</exception>
    internal void Follow(string layer, nn.Module replacement)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_taps.TryGetValue(layer, out var tap))
            throw new ArgumentException($"No layer '{layer}' is watched; watched are: {string.Join(", ", _state.Order.Names)}.",
                nameof(layer));
        tap.Follow(replacement);
    }

    /// <summary>
    /// Watches the layers that the model has now: removed ones are forgotten, new ones start without centers, and the others continue.
    /// </summary>
    /// <returns>The names of those that are gone.</returns>
    internal IReadOnlyList<string> FollowModel()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var nodes = ModuleTree.Walk(_model);
        var there = nodes.Select(node => node.Module).ToHashSet(ReferenceEqualityComparer.Instance);
        var gone = _taps.Where(tap => !there.Contains(tap.Value.Layer) || !there.Contains(tap.Value.PointModule)).ToList();
        foreach (var (name, tap) in gone)
        {
            tap.Dispose();
            _taps.Remove(name);
            _state.Layers.Remove(name, out var state);
            state?.Dispose();
            _state.Order.Remove(name);
        }

        _forwards.Heads.Forget();
        var watched = _taps.Values.Select(tap => tap.Layer).ToHashSet(ReferenceEqualityComparer.Instance);
        var come = nodes.Where(node => LayerChoice.IsLayer(node.Module) && !watched.Contains(node.Module)
            && !node.Aliases.Prepend(node.Path).Any(path => NamePattern.MatchesAny(_options.Exclude, path))).ToList();
        if (come.Count > 0)
            Watch(nodes, come);
        return gone.ConvertAll(one => one.Key);
    }

    /// <summary>Whether the running epoch has samples, be they of a state that was loaded.</summary>
    internal bool HasObservations => _state.Layers.Values.Any(layer => layer.Width is not null);

    private void Watch(IReadOnlyList<ModuleNode> nodes, IEnumerable<ModuleNode> layers)
    {
        var trace = _options.FeaturePoint == FeaturePoint.Auto ? new FlowTrace(_forwards, nodes) : null;
        foreach (var node in layers)
        {
            var point = FeaturePointFinder.Find(node, nodes, _options.FeaturePoint);
            var isShown = _options.FeaturePoint == FeaturePoint.OwnOutput || !ReferenceEquals(point.Module, node.Module);
            _taps.Add(node.Path, new LayerTap(_forwards, node, nodes, point, _options.Pooling, isShown ? null : trace));
            AddState(node.Path);
        }

        trace?.EndIfIdle();
    }

    private void AddState(string name, string? before = null, string? after = null)
    {
        _state.Layers.Add(name, new LayerState(_options));
        _state.Order.Add(name, before, after);
    }

    private IFeatureSource? Source(string name) =>
        _taps.TryGetValue(name, out var tap) ? tap : _forwards.Heads.Own.FirstOrDefault(input => input.Name == name);

    /// <summary>What a classifier's weight is compared with; null for a layer that is none.</summary>
    private HeadWeight? HeadOf(string name, Func<string, ClassStatistics?> statistics) =>
        _forwards.Heads.Inputs.TryGetValue(name, out var input) && _state.Layers.ContainsKey(input) && statistics(input) is { } found
            ? new HeadWeight(found, _forwards.Heads.Widths[name])
            : null;

    /// <summary>
    /// Whether a place among the layers is known: not for layers that nothing was seen of, nor for features given by hand that name no
    /// layer before them.
    /// </summary>
    private bool HasPlace(string name) =>
        Source(name) is { } source ? source.Silence is null || _state.Layers[name].Current is { Total: > 0 } : _state.Order.IsPlaced(name);

    /// <summary>Labels that were left on their device are checked here, where waiting for it costs nothing more.</summary>
    private void ThrowIfLabelsWereOutside()
    {
        using var scope = NewDisposeScope();
        var count = _outside?.item<long>() ?? 0;
        _outside?.zero_();
        if (count > 0)
            throw new InvalidOperationException(
                $"{count} labels of this epoch were negative or not below the class count "
                + $"({_options.ClassCount?.ToString(CultureInfo.InvariantCulture) ?? "the width of the model's output"}). They were "
                + "left out; calling EndEpoch once more ends the epoch without them.");
    }
}
