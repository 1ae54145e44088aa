using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The operators of one frame over patches, for maps of any size.</summary>
internal sealed class PatchOperatorSource : IDisposable
{
    private readonly PatchFrame _frame;
    private readonly Func<string, Tensor> _factor;
    private readonly TensorCache? _random;
    private Made? _last;

    /// <param name="frame">Kind, shape and seed.</param>
    /// <param name="factor">The stored factor of a name, those of <see cref="PatchFactors"/>; borrowed, asked for at each use.</param>
    public PatchOperatorSource(PatchFrame frame, Func<string, Tensor> factor)
    {
        (_frame, _factor) = (frame, factor);
        if (frame.Header.Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom)
            _random = new TensorCache(_ => RandomKernel(frame));
    }

    /// <summary>The operator for maps of a size. It is kept for the next call, which mostly has the same.</summary>
    /// <param name="window">How the whole patch moves, padded with zeros, alike on both sides.</param>
    /// <param name="map">The size.</param>
    public FrameOperator At(PatchWindow window, Extent map)
    {
        // Replaced whole: two threads at the same layer at worst make one operator twice.
        if (_last is { } last && last.Map == map && last.Window == window)
            return last.Operator;
        _last = last = new Made(window, map, Create(_frame.IsCentered ? window.AtCenter() : window, map));
        return last.Operator;
    }

    public void Dispose() => _random?.Dispose();

    private PatchOperator Create(PatchWindow window, Extent map) => _frame.Header.Kind switch
    {
        EtfFrameKind.Identity => new CenteredPatches(_frame.Header.Shape, window, map),
        EtfFrameKind.Aligned => new LowRankPatches(
            _frame.Header.Shape, () => _factor(SimplexEtfHeader.Left), () => _factor(SimplexEtfHeader.Right), window, map),
        EtfFrameKind.Nearest => new DensePatches(_ => _factor(SimplexEtfHeader.Matrix), window, map),
        _ => new DensePatches(x => _random!.For(x), window, map),
    };

    private static Tensor RandomKernel(PatchFrame frame)
    {
        var (shape, seed) = (frame.Header.Shape, frame.Header.Seed);
        var isStructured = frame.Header.Kind is EtfFrameKind.Random;
        return frame.Seen.ToKernel(isStructured ? RandomMatrix.Structured(shape, seed) : RandomMatrix.Dense(shape, seed));
    }

    private sealed class Made(PatchWindow window, Extent map, FrameOperator made)
    {
        public PatchWindow Window => window;

        public Extent Map => map;

        public FrameOperator Operator => made;
    }
}
