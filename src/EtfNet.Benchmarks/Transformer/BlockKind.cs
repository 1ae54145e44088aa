namespace EtfNet.Benchmarks.Transformer;

/// <summary>Which block stands in the benchmark.</summary>
public enum BlockKind
{
    /// <summary>Everything learned: the peer.</summary>
    Plain,

    /// <summary>The feedforward's two projections are fixed frames.</summary>
    Etf,

    /// <summary>The same, with a trainable scale a hidden unit.</summary>
    EtfUnitScale,
}
