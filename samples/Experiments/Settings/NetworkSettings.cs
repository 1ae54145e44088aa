using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>The network of a run.</summary>
[JsonDerivedType(typeof(MlpSettings), "mlp")]
internal abstract record NetworkSettings
{
    /// <summary>Makes what makes the network; its weights come from torch's global generator.</summary>
    public abstract Func<nn.Module<Tensor, Tensor>> For(ImageData data, int seed);
}

/// <summary>Hidden layers of one width and a head.</summary>
internal sealed record MlpSettings(Mlp Shape) : NetworkSettings
{
    public override Func<nn.Module<Tensor, Tensor>> For(ImageData data, int seed) => () => Shape.Create(data.Train.PixelsPerImage, data.ClassCount);

    public override string ToString() => Shape.ToString();
}
