namespace EtfNet;

/// <summary>The function between a feedforward's two projections.</summary>
public enum FeedForwardActivation
{
    /// <summary>x Phi(x), the default of vision and language transformers.</summary>
    Gelu,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x sigmoid(x).</summary>
    Silu,
}
