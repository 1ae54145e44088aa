namespace EtfNet.Samples;

/// <summary>A training run: all that decides its outcome, but the machine.</summary>
/// <param name="Name">Its name in output.</param>
/// <param name="Settings">What was set.</param>
public sealed record TrainingRun(string Name, Settings Settings)
{
    /// <summary>Gets the types whose properties are the options of a run.</summary>
    public static Type[] Options { get; } =
    [
        typeof(DataOptions), typeof(Network), typeof(Recipe), typeof(LayerMethod), typeof(AdaptiveEtfOptions),
        typeof(EtfTransformerOptions), typeof(EtfFeedForwardOptions),
    ];

    public DataOptions Data { get; } = Settings.Bind(new DataOptions());

    public Network Network { get; } = Settings.Bind(new Network());

    public Recipe Recipe { get; } = Settings.Bind(new Recipe());

    public LayerMethod Method { get; } = Settings.Bind(new LayerMethod());

    /// <summary>Gets the options of Adaptive-ETF; epsilon, frame, layers and pooling count for other methods too.</summary>
    public AdaptiveEtfOptions Etf { get; } =
        Settings.Bind(Settings.Bind(new LayerMethod()).Paper ? AdaptiveEtfOptions.Paper : new AdaptiveEtfOptions());

    /// <summary>Gets the options of a transformer's blocks. Where feedforwards are learned, the frame is that of Adaptive-ETF.</summary>
    public EtfTransformerOptions Transformer => Settings.Bind(new EtfTransformerOptions
    {
        FeedForward = new Settings(Settings.Values.Where(value => !Network.Learned || value.Key != "frame"))
            .Bind(new EtfFeedForwardOptions()),
    });

    public string Help => Settings.Help(Data, Network, Recipe, Method, Etf, Transformer, Transformer.FeedForward);

    public override string ToString() => $"{Name}: {Network}; " + Method switch
    {
        { Method: MethodKind.Adaptive } => $"layers are fixed at an NCC error of at most {Etf.Epsilon}",
        { FixFromStart.Count: > 0 } => $"fixed from the start: {string.Join(", ", Method.FixFromStart)}",
        { Rates.Count: > 0 } => $"learning rates: {string.Join(", ", Method.Rates)}",
        _ => Network.Learned ? "all layers are trained" : "feedforwards are fixed from the start",
    };
}
