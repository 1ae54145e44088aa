using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Rows of a layer's inputs and outputs, with the labels if there is one per row.</summary>
internal sealed record LayerSample(Tensor Inputs, Tensor Outputs, Tensor? Labels = null) : IDisposable
{
    /// <summary>The normalization that takes exactly the layer's outputs.</summary>
    public OutputNormalization Normalization { get; init; }

    /// <summary>Gets whether the outputs are the network's logits.</summary>
    public bool IsHead { get; init; }

    /// <summary>Gets whether the means of the outputs over the positions of a map are the network's logits.</summary>
    public bool IsPooledHead { get; init; }

    /// <summary>Gets whether these are all rows, each with a label, and the outputs are, bit for bit, what the model gave.</summary>
    public bool IsOutput { get; init; }

    public void Dispose()
    {
        Inputs.Dispose();
        Outputs.Dispose();
        Labels?.Dispose();
    }
}
