using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A call of a linear layer that may turn out to be the model's classifier.</summary>
/// <param name="Tap">The layer.</param>
/// <param name="Input">An alias of its own input; null where the layer is known not to be a classifier.</param>
/// <param name="Output">Its own output: the user's tensor, looked at only while the forward is under way.</param>
/// <param name="Width">How many outputs it has.</param>
internal sealed record HeadCandidate(LayerTap Tap, Tensor? Input, Tensor Output, long Width) : IDisposable
{
    public void Dispose() => Input?.Dispose();
}
