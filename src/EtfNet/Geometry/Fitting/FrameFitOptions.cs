using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a fit knows of a layer beside its weight, inputs and outputs.</summary>
internal sealed record FrameFitOptions
{
    /// <summary>The classes of the inputs, for frames that go by class means; such a frame goes by the inputs where there are
    /// none.</summary>
    public Tensor? Labels { get; init; }

    /// <summary>Whether scale and bias reproduce the targets; else the scale is 1 and the bias stays. The default is true.</summary>
    public bool Match { get; init; } = true;

    /// <summary>What takes exactly the layer's outputs. The default is nothing.</summary>
    public OutputNormalization Normalization { get; init; }

    /// <summary>Whether the outputs are the network's logits: scale and bias then reproduce its class probabilities. The default is
    /// false.</summary>
    public bool IsHead { get; init; }

    /// <summary>Whether an aligned frame of a rank is less work than a dense one. The default, null, is
    /// <see cref="FrameFit.IsCheaper"/>.</summary>
    public Func<FrameShape, long, bool>? IsCheaper { get; init; }
}
