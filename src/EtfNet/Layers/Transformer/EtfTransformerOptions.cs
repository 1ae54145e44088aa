namespace EtfNet;

/// <summary>Options of an <see cref="EtfTransformerBlock"/>.</summary>
public sealed record EtfTransformerOptions
{
    /// <summary>Gets the feedforward: its ratio, its frames, its activation and the dropout inside.</summary>
    /// <value>The default fixes both projections at ratio 4.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public EtfFeedForwardOptions FeedForward
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(FeedForward));
    } = new();

    /// <summary>Gets the share of features that a training forward leaves out at the end of both residual branches.</summary>
    /// <value>In [0, 1). The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1).</exception>
    public double Dropout { get; init => field = Probability(value, nameof(Dropout)); }

    /// <summary>Gets the share of attention weights that a training forward leaves out.</summary>
    /// <value>In [0, 1). The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1).</exception>
    public double AttentionDropout { get; init => field = Probability(value, nameof(AttentionDropout)); }

    /// <summary>Gets the probability that a training forward leaves out a whole residual branch of a sample; the branches that stay are
    /// scaled up.</summary>
    /// <value>In [0, 1). The default is 0. Source: Huang et al., arXiv 1603.09382.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1).</exception>
    public double StochasticDepth { get; init => field = Probability(value, nameof(StochasticDepth)); }

    /// <summary>Gets whether the norms come after the residual sums instead of before the branches.</summary>
    /// <value>The default is false: pre-norm.</value>
    public bool PostNorm { get; init; }

    /// <summary>Gets whether a token sees only itself and earlier tokens.</summary>
    /// <value>The default is false.</value>
    public bool Causal { get; init; }

    private static double Probability(double value, string name) =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, "Must lie in [0, 1).");
}
