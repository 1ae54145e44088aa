using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Takes a layer's features from every forward that a party observes: pools what passes and hands it on, outside every scope.
/// </summary>
internal sealed class LayerTap : IFeatureSource, IModuleListener, IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly FeaturePooling _pooling;
    private readonly LayoutFinder _layout;
    private readonly HeadListener? _head;
    private TapPoint _point;
    private FlowSearch? _search;
    private FlowLink? _link;
    private int _counted;
    private ModuleHook _hook;
    private ModuleHook? _headHook;
    private long _rank;
    private FeatureLayout _seen;

    /// <param name="forwards">The forwards.</param>
    /// <param name="node">The layer.</param>
    /// <param name="nodes">All modules of the model.</param>
    /// <param name="point">Where its features are.</param>
    /// <param name="pooling">How an output becomes feature vectors.</param>
    /// <param name="trace">Looks for a normalization behind the layer, where the structure shows none; null for the point as it is.</param>
    public LayerTap(
        ObservedForwards forwards, ModuleNode node, IReadOnlyList<ModuleNode> nodes, TapPoint point, FeaturePooling pooling,
        FlowTrace? trace = null)
    {
        (_forwards, _point, _pooling) = (forwards, point, pooling);
        Name = node.Path;
        Layer = node.Module;
        _layout = LayoutFinder.For(node, nodes);
        _hook = forwards.Observer.Listen(point.Module, forwards, this);
        _search = trace?.Search(
            (forward, output) => Features(this, output, _seen, copy: true, NeedsMask() ? forward.TokenMask?.Value : null), FollowFlow);
        if (node.Module is Linear or IWatchedLayer { HasChannelsFirst: false })
            _headHook = forwards.Observer.Listen(node.Module, forwards, _head = new HeadListener(forwards.Heads, this));
    }

    public string Name { get; }

    /// <summary>The name for people.</summary>
    public string Title => Name.Length == 0 ? "the model" : Name;

    public nn.Module Layer { get; private set; }

    public string Point => DescribePooling(_rank, _seen) is { } how ? $"{_point.Text}; {how}" : _point.Text;

    /// <summary>The module whose output is taken.</summary>
    public nn.Module PointModule => _point.Module;

    /// <summary>How the last output became rows: its rank, where its features were, and the pooling that was taken.</summary>
    public (long Rank, FeatureLayout Layout, FeaturePooling Pooling) Pooled => (_rank, _seen, FeaturePooler.Resolve(Pooling, _rank, _seen));

    /// <summary>How often the place that features are taken at has changed, except for the first forward's search.</summary>
    public int Generation { get; private set; }

    /// <summary>Whether its own output is taken because the normalization behind it is not always the same.</summary>
    public bool HasLostItsNorm => Generation > 0;

    public string? Silence => _hook.HasFired ? null
        : !_forwards.Observer.HasSeenAnything ? "no forward of the model was seen"
        : _hook.Bound is null ? "modules of its kind have no forward hooks: hand its features to Observe(layer, features, labels)"
        : _forwards.Observer.StandIns.ObstacleOf(_hook.Module) is { } obstacle
            ? $"no call of it was seen: {obstacle}; or hand its features to Observe(layer, features, labels)"
            : "no call of it was seen: the model does not use it, or runs it inside a native composite; hand its features to "
                + "Observe(layer, features, labels)";

    /// <summary>Follows the layer to the module that replaced it.</summary>
    /// <exception cref="ArgumentException">It has no hooks.</exception>
    public void Follow(nn.Module replacement)
    {
        if (ReferenceEquals(replacement, Layer))
            return;
        var observer = _forwards.Observer;
        if (ReferenceEquals(_hook.Module, Layer))
        {
            var hook = observer.Listen(replacement, _forwards, this);
            if (hook.Bound is null)
            {
                observer.StopListening(hook, _forwards, this);
                throw new ArgumentException($"The module that replaces layer '{Name}' has no forward hooks.", nameof(replacement));
            }

            observer.StopListening(_hook, _forwards, this);
            _hook = hook;
        }

        if (_headHook is not null)
        {
            var hook = observer.Listen(replacement, _forwards, _head!);
            observer.StopListening(_headHook, _forwards, _head!);
            _headHook = hook;
        }

        if (ReferenceEquals(_point.Module, Layer))
            _point = _point with { Module = replacement };
        Layer = replacement;
    }

    public void Fired(Forward forward, object? input, object? result)
    {
        if (TensorsOf.First(result) is not { } output || output.dim() == 0 || !is_floating_point(output))
            return;
        if (_link is { } link)
            link.Gave(forward, output);
        else
            Enter(forward, output);
    }

    /// <summary>Whether statistics of the layer are of another place than features are taken at now; asked once.</summary>
    public bool HasMoved()
    {
        var hasMoved = _counted != Generation;
        _counted = Generation;
        return hasMoved;
    }

    /// <summary>Goes on from statistics that were loaded.</summary>
    /// <param name="haveLostItsNorm">Whether they are of the layer's own output, as <see cref="HasLostItsNorm"/> says.</param>
    public void Continue(bool haveLostItsNorm)
    {
        if (haveLostItsNorm && !HasLostItsNorm)
        {
            _search?.Cancel();
            _link?.Dispose();
            _search = null;
            GoBack();
        }

        _counted = haveLostItsNorm ? Generation : 0;
    }

    private void Enter(Forward forward, Tensor output)
    {
        forward.Clock?.Entered(Name, output);
        Take(forward, output);
        forward.Clock?.Left(output);
    }

    private void Take(Forward forward, Tensor output)
    {
        _rank = output.dim();
        _seen = _rank > 2 ? _layout.Of(output.shape) : FeatureLayout.ChannelsLast;
        var mask = NeedsMask() ? forward.TokenMask?.Value : null;
        if (mask is not null && !(mask.dim() == 2 && mask.shape[0] == output.shape[0] && mask.shape[1] == output.shape[1]))
            forward.Problems[Name] =
                $"its tokens, of shape ({string.Join(", ", output.shape)}), do not fit the token mask, of shape "
                + $"({string.Join(", ", mask.shape)})";
        else
            Add(forward, Features(this, output, _seen, _point.Overwritten, mask), output);
    }

    private void Add(Forward forward, LayerFeatures features, Tensor output)
    {
        forward.Add(features);
        _search?.Gave(forward, output, features);
    }

    /// <summary>Goes on behind the normalization that takes the layer's output, where there is one.</summary>
    private void FollowFlow(nn.Module? norm)
    {
        _search = null;
        if (norm is null)
            return;
        _point = new TapPoint(norm, $"after {norm.GetType().Name}, which takes its output", Overwritten: true);
        _link = new FlowLink(_forwards, norm, Enter, LoseFlow);
    }

    /// <summary>Goes back to the layer's own output: its normalization is not always the same, or takes something else too.</summary>
    private void LoseFlow(Forward forward, IReadOnlyList<Tensor> untaken)
    {
        GoBack();
        foreach (var output in untaken.Where(output => !output.IsInvalid))
            Enter(forward, output);
    }

    private void GoBack()
    {
        _link = null;
        _point = new TapPoint(Layer, "own output, as its normalization is not always the same", Overwritten: true);
        Generation++;
    }

    /// <summary>Features given by hand, pooled as the hook would; one row per label.</summary>
    /// <param name="output">The features.</param>
    /// <param name="rows">The number of labels.</param>
    public Tensor Pool(Tensor output, long rows)
    {
        _rank = output.dim();
        _seen = _rank > 2 ? _layout.Of(output.shape) : FeatureLayout.ChannelsLast;
        return FeaturePooler.PoolByHand(output, rows, _pooling, _seen);
    }

    public Tensor PoolPositions(Tensor raw) =>
        FeaturePooler.Pool(raw, FeaturePooling.EachPosition, _layout.Of(raw.shape), _point.Overwritten);

    /// <summary>Pools an output by what labels are; where that is not known yet, keeps it as well.</summary>
    public LayerFeatures Features(IFeatureSource source, Tensor output, FeatureLayout layout, bool copy, Tensor? mask)
    {
        var open = _pooling == FeaturePooling.Auto && output.dim() > 2 && _forwards.Kind == LabelKind.Unknown;
        var positions = FeaturePooler.Positions(output.shape, layout);
        var (pooled, raw) = (
            FeaturePooler.Pool(output, Pooling, layout, copy, mask), open ? output.detach().DetachFromDisposeScope() : null);
        return new LayerFeatures(source, pooled, raw, positions) { Generation = Generation };
    }

    /// <summary>The pooling in words; null where a matrix needed none.</summary>
    public string? DescribePooling(long rank, FeatureLayout layout) => FeaturePooler.Describe(Pooling, rank, layout);

    public void Dispose()
    {
        _search?.Dispose();
        _link?.Dispose();
        _forwards.Observer.StopListening(_hook, _forwards, this);
        if (_headHook is not null)
            _forwards.Observer.StopListening(_headHook, _forwards, _head!);
    }

    private FeaturePooling Pooling =>
        _pooling == FeaturePooling.Auto && _forwards.Kind == LabelKind.PerPosition ? FeaturePooling.EachPosition : _pooling;

    private bool NeedsMask() =>
        _rank == 3 && _seen == FeatureLayout.ChannelsLast && FeaturePooler.Resolve(Pooling, _rank, _seen) == FeaturePooling.TokenMean;
}
