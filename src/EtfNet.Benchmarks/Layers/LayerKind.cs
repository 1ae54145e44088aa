namespace EtfNet.Benchmarks.Layers;

/// <summary>Which layer stands in the benchmark.</summary>
public enum LayerKind
{
    /// <summary>A frozen <c>nn.Linear</c>: the peer.</summary>
    FrozenDense,

    /// <summary>A trainable <c>nn.Linear</c>.</summary>
    TrainableDense,

    /// <summary>The identity frame.</summary>
    Identity,

    /// <summary>An aligned frame of rank 20.</summary>
    Aligned,

    /// <summary>A structured random frame.</summary>
    Random,

    /// <summary>The frame nearest a matrix, which is stored.</summary>
    Nearest,
}
