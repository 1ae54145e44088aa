using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Measures all layers of a model in one pass over training data and one over held-out data.</summary>
internal sealed class DepthMeasurement : IDisposable
{
    private readonly DepthOptions _options;
    private readonly IReadOnlyList<ModuleNode> _nodes;
    private readonly ObservedForwards _forwards;
    private readonly Dictionary<string, LayerTap> _taps = [];
    private readonly Dictionary<string, LayerDepth> _layers = [];
    private readonly LayerOrder _order = new();
    private readonly DepthClock _clock = new();
    private readonly WholeFinder _whole;
    private readonly HashSet<int> _present = [];
    private int _classes;
    private int? _scores;
    private long _right;
    private long _compared;
    private LabelKind _kind;

    /// <exception cref="ArgumentException">No layer is left to measure, or a name matches none.</exception>
    public DepthMeasurement(nn.Module model, DepthOptions options)
    {
        _options = options;
        _nodes = ModuleTree.Walk(model);
        var chosen = Choose(_nodes, options);
        _forwards = new ObservedForwards(model, options.Observation);
        _whole = new WholeFinder(_nodes, _forwards);
        var trace = options.FeaturePoint == FeaturePoint.Auto ? new FlowTrace(_forwards, _nodes) : null;
        foreach (var node in chosen)
        {
            var point = FeaturePointFinder.Find(node, _nodes, options.FeaturePoint);
            // Where a model can be cut, features are taken at the cut: nothing of the next block belongs to them.
            var isFinal = !ReferenceEquals(point.Module, node.Module) || PlainSequential.Of(node.Parent) is not null;
            _taps.Add(node.Path, new LayerTap(_forwards, node, _nodes, point, options.Pooling, isFinal ? null : trace));
            _layers.Add(node.Path, new LayerDepth(options));
            _order.Add(node.Path);
        }

        trace?.EndIfIdle();
    }

    /// <summary>The numbers of samples, or positions, that had a label: in training, and held out.</summary>
    public (long Training, long HeldOut) Samples { get; private set; }

    /// <exception cref="ArgumentException">There is no batch, labels do not fit, or there is one class only.</exception>
    public void Train<TBatch>(IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels, string parameter)
    {
        var samples = Pass(batches, forward, labels, parameter, (seen, kind, groups) =>
        {
            if (seen.Logits is { } logits)
                _scores = (int)ForwardOutputs.Columns(logits.shape);
            _classes = Math.Max(_classes, _options.ClassCount ?? Math.Max(_scores ?? 0, groups.MaxLabel + 1));
            _present.UnionWith(groups.Classes);
            foreach (var features in seen.Features.Where(features => features.AreCurrent))
                if (Find(features.Source.Name) is { } layer)
                    layer.Train(features.For(kind), groups, _classes);
        });
        Samples = (samples, 0);
        if (_present.Count < 2)
            throw new ArgumentException(
                $"All {Words.Count(samples, "training sample")} are of class {_present.Single()}: no head can be fitted to one class.",
                parameter);
        foreach (var layer in _layers.Values)
            layer.EndTraining(_classes);
    }

    /// <exception cref="ArgumentException">There is no batch, or labels do not fit.</exception>
    public void Test<TBatch>(IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels, string parameter)
    {
        var samples = Pass(batches, forward, labels, parameter, (seen, kind, groups) =>
        {
            _clock.Stop(Math.Max(seen.Samples, 1), seen.Features.Exists(features => features.Pooled.device_type == DeviceType.CUDA));
            foreach (var features in seen.Features.Where(features => features.AreCurrent))
                if (Find(features.Source.Name) is { } layer)
                    layer.Test(features.For(kind), groups);
            using var predictions = Predictions.Of(seen, groups.Count, wanted: seen.Logits is not null);
            for (var i = 0; i < predictions.Values.Length; i++)
                if (groups.Labels[i] >= 0)
                {
                    _compared++;
                    _right += predictions.Values[i] == groups.Labels[i] ? 1 : 0;
                }
        });
        Samples = (Samples.Training, samples);
    }

    public DepthReport Report()
    {
        var (parameters, total) = ParameterCounts.Of(_nodes, _order.Names);
        var paths = new Dictionary<nn.Module, string>(ReferenceEqualityComparer.Instance);
        foreach (var node in _nodes)
            paths.Add(node.Module, node.Path);
        var whole = _clock.Microseconds();
        return new DepthReport
        {
            Layers = [.. _order.Names.Select(name => Entry(name, parameters[name], paths[_taps[name].PointModule], whole))],
            ModelAccuracy = _compared > 0 ? (double)_right / _compared : null,
            Parameters = total,
            Microseconds = whole,
            TrainingSamples = Samples.Training,
            HeldOutSamples = Samples.HeldOut,
            ClassCount = _classes,
            Tolerance = _options.Tolerance,
        };
    }

    public void Dispose()
    {
        foreach (var tap in _taps.Values)
            tap.Dispose();
        _forwards.Dispose();
        foreach (var layer in _layers.Values)
            layer.Dispose();
    }

    /// <summary>The measurement of a layer, marked as failed if its features are now taken at another place; null if the name is no
    /// layer's.</summary>
    private LayerDepth? Find(string name)
    {
        if (_layers.TryGetValue(name, out var layer) && _taps[name].HasMoved())
            layer.Fail("the normalization behind it is not the same in all batches: set FeaturePoint to OwnOutput");
        return layer;
    }

    private DepthLayer Entry(string name, long parameters, string point, double whole)
    {
        var (tap, layer) = (_taps[name], _layers[name]);
        var (_, obstacle) = CutPlace.Behind(_nodes, point, _whole.Path);
        var pooled = _kind == LabelKind.PerPosition ? tap.Pooled with { Pooling = FeaturePooling.EachPosition } : tap.Pooled;
        var isMasked = _options.TokenMask is not null && pooled.Pooling == FeaturePooling.TokenMean;
        var head = isMasked ? null : layer.Head(name, new HeadPlace(point, _whole.Path), pooled);
        return new DepthLayer
        {
            Name = name,
            FeaturePoint = tap.Point,
            Width = layer.Width,
            Observed = layer.Observed,
            Samples = layer.Scored,
            NonFinite = layer.NonFinite,
            CenterAccuracy = layer.CenterAccuracy,
            RidgeAccuracy = layer.RidgeAccuracy,
            Parameters = parameters,
            Microseconds = _clock.Microseconds(name),
            TimeShare = _clock.Microseconds(name) / whole,
            Head = head,
            CutObstacle = obstacle ?? (isMasked ? "its features are means under a token mask, which a head does not see"
                : head is null ? "it has no ridge head" : null),
            Reason = layer.Problem ?? tap.Silence
                ?? (layer.NonFinite > 0 ? $"left out: {Words.Count(layer.NonFinite, "sample")} with NaN or infinite features" : null),
        };
    }

    /// <returns>How many samples, or positions, had a label.</returns>
    private long Pass<TBatch>(
        IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels, string parameter,
        Action<Forward, LabelKind, LabelGroups> take)
    {
        var (any, samples) = (false, 0L);
        foreach (var batch in batches)
        {
            any = true;
            using var scope = NewDisposeScope();
            using var form = LabelForm.Of(labels(batch));
            using var read = BatchLabels.Create(form, _options.ClassCount, _options.IgnoreIndex, leaveUnread: false);
            using var seen = ForwardCapture.Run(_forwards, () =>
            {
                _whole.Begin();
                _clock.Start();
                forward(batch);
            }, _clock);
            var kind = ForwardCapture.KindOf(_forwards, seen, form, parameter);
            _order.Settle([.. seen.Features.Select(features => features.Source.Name).Where(_layers.ContainsKey)]);
            _kind = kind;
            _whole.Judge(seen);
            samples += read.Groups.Labeled;
            take(seen, kind, read.Groups);
        }

        return any ? samples : throw new ArgumentException("There is no batch.", parameter);
    }

    /// <summary>The layers, and the blocks that a model can be cut behind.</summary>
    private static IEnumerable<ModuleNode> Choose(IReadOnlyList<ModuleNode> nodes, DepthOptions options)
    {
        var layers = LayerChoice.Choose(nodes, options.Include, options.Exclude, nameof(options));
        if (options.Include.Count > 0)
            return layers;
        return nodes.Where(node => layers.Contains(node)
            || (IsBlock(node) && !node.Aliases.Prepend(node.Path).Any(path => NamePattern.MatchesAny(options.Exclude, path))));
    }

    private static bool IsBlock(ModuleNode node) =>
        PlainSequential.Of(node.Parent) is not null && PlainSequential.Of(node.Module) is null && !LayerChoice.IsLayer(node.Module)
        && ModuleTree.Walk(node.Module).Any(inner => LayerChoice.IsLayer(inner.Module));
}
