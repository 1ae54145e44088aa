using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>The network of a run.</summary>
[JsonDerivedType(typeof(MlpSettings), "mlp")]
[JsonDerivedType(typeof(VitSettings), "vit")]
internal abstract record NetworkSettings
{
    /// <summary>Makes what makes the network; its weights come from torch's global generator.</summary>
    public abstract Func<nn.Module<Tensor, Tensor>> For(ImageData data, TensorSet train, TensorSet test, int seed);
}

/// <summary>Hidden layers of one width and a head.</summary>
internal sealed record MlpSettings(Mlp Shape) : NetworkSettings
{
    public override Func<nn.Module<Tensor, Tensor>> For(ImageData data, TensorSet train, TensorSet test, int seed) => () => Shape.Create(data.Train.PixelsPerImage, data.ClassCount);

    public override string ToString() => Shape.ToString();
}

/// <summary>A vision transformer.</summary>
/// <param name="Patch">A patch's side in pixels.</param>
/// <param name="Width">Width of the tokens.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Blocks">Transformer blocks.</param>
/// <param name="Ratio">Hidden units of the feedforwards, as a multiple of the width.</param>
/// <param name="Learned">Whether the feedforwards are learned; otherwise they are random frames.</param>
internal sealed record VitSettings(int Patch, int Width, int Heads, int Blocks, double Ratio, bool Learned) : NetworkSettings
{
    public override Func<nn.Module<Tensor, Tensor>> For(ImageData data, TensorSet train, TensorSet test, int seed)
    {
        var cut = PatchedImages.Cut(data, train, test, Patch);
        var shape = new TransformerShape(Width, Heads, Blocks, new EtfTransformerOptions { FeedForward = new EtfFeedForwardOptions { WidthRatio = Ratio, Frame = EtfFrame.Random(seed), HasUnitScale = true } });
        return () => new TransformerClassifier(cut, shape, Learned);
    }

    public override string ToString() => $"{Blocks} blocks of width {Width}, {Heads} heads, {(Learned ? "learned" : "fixed")} feedforward of ratio {Ratio}, patches of {Patch} x {Patch}";
}
