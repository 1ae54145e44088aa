using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame found for a layer, ready to be put in.</summary>
/// <param name="Target">The layer.</param>
/// <param name="Etf">The frame.</param>
/// <param name="Bias">The bias's new value; null leaves it as it is.</param>
/// <param name="OutputError">The relative output error.</param>
internal sealed record PreparedFix(LayerTarget Target, SimplexEtf Etf, Tensor? Bias, double OutputError)
{
    /// <summary>The network's loss over the calibration sample before the fixes of this epoch; null where its outputs are no
    /// logits.</summary>
    public double? LossBefore { get; init; }

    /// <summary>The network's loss with this fix and those before it; null with <see cref="LossBefore"/>.</summary>
    public double? LossAfter { get; init; }

    /// <summary>A layer that does what the fixed one will do, and shares nothing with the model.</summary>
    public nn.Module<Tensor, Tensor> CreateLayer()
    {
        using var noGrad = no_grad();
        var (layer, place) = (Target.Fixable, LayerPlacement.Of(Target.Fixable.Weight));
        var bias = (Bias ?? layer.Bias)?.detach().to(place.Dtype).to(place.Device).clone();
        return layer.CreateFixed(
            Etf, bias is null ? null : new Parameter(bias.DetachFromDisposeScope(), requires_grad: false), place.Dtype, place.Device);
    }
}
