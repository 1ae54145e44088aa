using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a layer's state will hold once the layer is fixed, or made trainable again.</summary>
/// <param name="Tensors">Types and shapes by name.</param>
/// <param name="Dtype">The type that it computes with.</param>
internal sealed record FutureLayer(IReadOnlyDictionary<string, (ScalarType Dtype, long[] Shape)> Tensors, ScalarType Dtype)
{
    private const string BiasName = "bias";

    /// <summary>A layer that is trained now and will be fixed.</summary>
    /// <exception cref="ArgumentException">The layer's dtype cannot hold the frame.</exception>
    public static FutureLayer Of(LayerTarget target, PlannedLayer planned)
    {
        var (layer, dtype) = (target.Fixable, target.Fixable.Weight.dtype);
        return new FutureLayer(Fixed(layer, planned.Header, dtype, layer.Bias?.dtype), dtype);
    }

    /// <summary>A layer that is fixed now and will be made trainable, and perhaps fixed anew.</summary>
    /// <exception cref="ArgumentException">The layer's dtype cannot hold the new frame.</exception>
    public static FutureLayer Of(nn.Module model, LayerFix fix, PlannedLayer? anew)
    {
        var dtype = LayerPlacement.Of(fix.Current, model, LayerPlacement.Of(fix.Layer.Weight)).Dtype;
        ScalarType? bias = ((IFixedLayer)fix.Current).Bias is null ? null : dtype;
        return new FutureLayer(
            anew is null ? WithBias(fix.Layer, new() { ["weight"] = (dtype, fix.Layer.WeightShape) }, bias)
                : Fixed(fix.Layer, anew.Header, dtype, bias),
            dtype);
    }

    private static Dictionary<string, (ScalarType, long[])> Fixed(
        FixableLayer layer, SimplexEtfHeader header, ScalarType dtype, ScalarType? bias) =>
        WithBias(layer, layer.FixedState(header, dtype), bias);

    private static Dictionary<string, (ScalarType, long[])> WithBias(
        FixableLayer layer, Dictionary<string, (ScalarType, long[])> tensors, ScalarType? bias)
    {
        if (bias is { } dtype)
            tensors[BiasName] = (dtype, [layer.Matrix.Rows]);
        return tensors;
    }
}
