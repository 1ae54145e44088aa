using TorchSharp;

namespace EtfNet;

/// <summary>Marks a module of this library as a layer to watch, as <c>Linear</c> and the convolutions are.</summary>
/// <remarks>A layer that was fixed is still watched; the mark lets observation see it without knowing its type.</remarks>
internal interface IWatchedLayer
{
    /// <summary>Whether outputs are maps (N, channels, ...) as those of a convolution, instead of rows (..., features).</summary>
    bool HasChannelsFirst => false;

    /// <summary>The weight that the layer stands for, outputs x inputs, as a new tensor that the caller disposes; null unless it has so
    /// many outputs.</summary>
    /// <param name="outputs">The number of rows that the caller wants.</param>
    torch.Tensor? CreateDenseWeight(long outputs);

    /// <summary>The bias that the layer adds, one number per output, as a new tensor that the caller disposes; null for none.</summary>
    torch.Tensor? CreateBias() => null;
}
