namespace EtfNet;

/// <summary>How the orthogonal part of a simplex ETF is chosen.</summary>
public enum EtfFrameKind
{
    /// <summary>A partial identity, as in Liu, arXiv 2412.00884: nothing is stored, and a layer costs one centering.</summary>
    Identity,

    /// <summary>A structured random rotation, rebuilt from a seed: mixing at O(n sqrt n) per row.</summary>
    Random,

    /// <summary>A dense random rotation from the Haar measure, rebuilt from a seed: mixing at the cost of a dense layer.</summary>
    DenseRandom,

    /// <summary>The frame nearest to a matrix, the polar factor of the centered matrix; or, where the layer's inputs are known, a frame
    /// whose outputs come near.</summary>
    Nearest,

    /// <summary>A low-rank rotation that sends the leading input directions where a trained weight sent them.</summary>
    Aligned,
}
