namespace EtfNet;

/// <summary>What a monitor knows: the running epoch's statistics and scores, and the centers.</summary>
/// <param name="forwards">The forwards that it observes; null for what another monitor has saved.</param>
/// <param name="watched">The layers that it watches; null for any.</param>
internal sealed class MonitorState(ObservedForwards? forwards, IReadOnlyCollection<string>? watched) : ICheckedState
{
    /// <summary>The running epoch, from 1.</summary>
    [State(AtLeast = 1)]
    public int Epoch { get; set; } = 1;

    /// <summary>Its forwards without labels.</summary>
    [State(MergeRule.Sum, AtLeast = 0)]
    public long Unlabeled
    {
        get => forwards?.Unlabeled ?? field;
        set
        {
            if (forwards is null)
                field = value;
            else
                forwards.Unlabeled = value;
        }
    }

    /// <summary>What is known of each layer.</summary>
    public Dictionary<string, LayerState> Layers { get; } = [];

    /// <summary>The names of the layers in forward order.</summary>
    public LayerOrder Order { get; } = new();

    /// <summary>The classifiers, and what goes into each.</summary>
    [State]
    public HeadFinder Heads { get; } = forwards?.Heads ?? new HeadFinder(wanted: false, takeInputs: false);

    [State(Json = typeof(NamesJson))]
    private List<string> Watched
    {
        get => [.. watched ?? []];
        set => _ = value;
    }

    /// <summary>The layers that the model calls by <c>forward</c>.</summary>
    [State(Json = typeof(NamesJson))]
    private List<string> CalledByForward
    {
        get => forwards?.Observer.StandIns.Paths ?? field;
        set
        {
            field = value;
            if (forwards is not null)
                forwards.Observer.StandIns.Paths = value;
        }
    } = [];

    [State(MergeRule.Each, Name = "layers")]
    private Dictionary<string, LayerState> LayersInOrder
    {
        get => Order.Names.ToDictionary(name => name, name => Layers[name]);
        set
        {
            Layers.Clear();
            foreach (var (name, layer) in value)
                Layers.Add(name, layer);
            Order.Replace(value.Keys);
        }
    }

    /// <summary>Set after the layers.</summary>
    [State(Json = typeof(NamesJson))]
    private List<string> Unplaced
    {
        get => [.. Order.Unplaced];
        set => Order.ReplaceUnplaced(value);
    }

    /// <summary>Brings over what lies on devices.</summary>
    public void Flush()
    {
        foreach (var layer in Layers.Values)
            layer.Flush();
    }

    /// <summary>Lets go of what lies on devices, and of all layers.</summary>
    public void Clear()
    {
        foreach (var layer in Layers.Values)
            layer.Dispose();
        Layers.Clear();
    }

    string? ICheckedState.Problem(StateValues values)
    {
        var (saved, layers) = (values.Get<List<string>>(nameof(Watched)), values.Get<List<string>>(nameof(LayersInOrder)));
        List<string> odd = watched is null
            ? []
            : [.. watched.Except(saved).Select(name => "no " + name), .. saved.Except(watched)];
        if (odd.Count > 0)
            return $"the saved monitor watched other layers ({string.Join(", ", odd)}) than this monitor, which must be of the same model";
        return watched?.Except(layers).FirstOrDefault() is { } unknown ? $"it knows nothing of the layer {EntryName.Quote(unknown)}" : null;
    }
}
