using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Frames from the start of training.</summary>
public static class Frames
{
    /// <summary>The frame for one of several layers: random ones have a seed of their own, others are as they are.</summary>
    /// <param name="frame">The choice for all of them.</param>
    /// <param name="index">The layer's number.</param>
    public static EtfFrame OfItsOwn(this EtfFrame frame, int index)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var seed = (frame.Seed << 16) + index;
        var own = frame.Kind switch
        {
            EtfFrameKind.Random => EtfFrame.Random(seed),
            EtfFrameKind.DenseRandom => EtfFrame.DenseRandom(seed),
            _ => frame,
        };
        return frame.AllowsColumns ? own.OrColumns : own;
    }

    /// <summary>All layers that are fixed before training, whether by name or because the model was built so.</summary>
    internal static List<FixedLayer> FixedLayers(this nn.Module<Tensor, Tensor> model) =>
    [
        .. model.named_modules().Where(entry => entry.module is SimplexEtfLinear).Select(entry =>
        {
            var etf = ((SimplexEtfLinear)entry.module).Etf;
            return new FixedLayer
            {
                Name = entry.name,
                Epoch = 0,
                NccError = null,
                Frame = etf.Kind.ToString().ToLowerInvariant() + (etf.IsColumnFrame ? " columns" : ""),
                Rank = null,
                OutputError = null,
                ParametersFixed = etf.Rows * etf.Columns,
                InPlaceReason = null,
            };
        }),
    ];
}
