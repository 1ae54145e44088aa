namespace EtfNet.Samples;

/// <summary>What is done with a network's layers while it trains.</summary>
internal enum MethodKind
{
    /// <summary>Layers may be fixed from the start; nothing is watched.</summary>
    Plain,

    /// <summary>Layers may be fixed from the start; all are watched.</summary>
    Watched,

    /// <summary>Layers are fixed as they collapse.</summary>
    Adaptive,

    /// <summary>Layers hold a frame for the first epochs and are trained afterwards.</summary>
    Frozen,
}

/// <summary>The same in full. What is null is the library's default.</summary>
internal sealed record MethodSettings(MethodKind Kind)
{
    public const double WatchedEpsilon = 0.1;

    public double? Epsilon { get; init; }

    /// <summary>Gets whether the paper's rule is the default of the rest.</summary>
    public bool? Paper { get; init; }

    /// <summary>Gets the frame; see <see cref="FrameText"/>.</summary>
    public string? Frame { get; init; }

    /// <summary>Gets the layers that are fixed from the start, or that alone may be fixed.</summary>
    public IReadOnlyList<string>? Layers { get; init; }

    public int? Patience { get; init; }

    public int? MaxPerEpoch { get; init; }

    public double? MaxOutputError { get; init; }

    public double? MaxErrorRise { get; init; }

    public bool? Exact { get; init; }

    public bool? Confidence { get; init; }

    /// <summary>Gets whether errors leave a sample out of its own center.</summary>
    public bool? LeaveOneOut { get; init; }

    /// <summary>Gets the epochs in which nothing is fixed.</summary>
    public int? Warmup { get; init; }

    /// <summary>Gets for how many epochs layers are frozen; null for all.</summary>
    public int? FrozenEpochs { get; init; }

    /// <summary>Gets whether the feedforwards of a transformer are watched, by their class token, and nothing else.</summary>
    public bool? Feedforwards { get; init; }

    private FeaturePooling Pooling => Feedforwards == true ? FeaturePooling.ClassToken : FeaturePooling.Auto;

    public LayerMethod For(int seed) => Kind switch
    {
        MethodKind.Plain => new PlainMethod(Frame is null ? null : FrameText.Parse(Frame, seed), [.. Layers ?? []]),
        MethodKind.Watched => new MonitoredMethod(Epsilon ?? WatchedEpsilon, Monitor, Frame is null ? null : FrameText.Parse(Frame, seed), layers: [.. Layers ?? []]),
        MethodKind.Adaptive => new AdaptiveMethod(Options(seed)),
        MethodKind.Frozen => new FrozenMethod(Epsilon ?? WatchedEpsilon, FrameText.Parse(Frame!, seed), FrozenEpochs, [.. Layers!]),
        _ => throw new InvalidOperationException($"{Kind} is no method."),
    };

    private NccMonitorOptions? Monitor => Feedforwards == true ? new NccMonitorOptions { Include = [TransformerOptions.Feedforwards], Pooling = Pooling } : null;

    private AdaptiveEtfOptions Options(int seed)
    {
        var rest = Paper == true ? AdaptiveEtfOptions.Paper : new AdaptiveEtfOptions();
        return rest with
        {
            Epsilon = Epsilon ?? rest.Epsilon,
            Frame = Frame is null ? rest.Frame : FrameText.Parse(Frame, seed),
            Include = Feedforwards == true ? [TransformerOptions.Feedforwards] : Layers ?? rest.Include,
            Pooling = Pooling,
            WarmupEpochs = Warmup ?? rest.WarmupEpochs,
            LeaveOneOut = LeaveOneOut ?? rest.LeaveOneOut,
            Patience = Patience ?? rest.Patience,
            MaxPerEpoch = MaxPerEpoch ?? rest.MaxPerEpoch,
            MaxOutputError = MaxOutputError ?? rest.MaxOutputError,
            MaxErrorRise = MaxErrorRise ?? rest.MaxErrorRise,
            Decision = Exact == true ? FixDecision.Exact : rest.Decision,
            RequireConfidence = Confidence ?? rest.RequireConfidence,
        };
    }
}
