using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The identity frame over patches: their leading numbers, centered; the whole patch, centered, in a column frame.</summary>
internal sealed class CenteredPatches : PatchOperator
{
    private readonly FrameShape _shape;
    private readonly PatchTaps _taps;

    public CenteredPatches(FrameShape shape, PatchWindow window, Extent map)
        : base(window, map)
    {
        var count = Math.Min(shape.Rows, shape.Columns);
        _taps = new PatchTaps(window, count, map);
        // What the frame does not look at was not taken.
        _shape = shape.IsColumnFrame ? shape : shape with { Columns = count };
    }

    public override Tensor Apply(Tensor x, FrameScale scale) => Apply(x, scale, null);

    public override Tensor Apply(Tensor x, FrameScale scale, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var taken = _taps.Take(x);
        var y = _shape.IsColumnFrame ? Centering.ApplyAdjoint(taken, _shape, scale, bias) : Centering.Apply(taken, _shape, scale, bias);
        return y.MoveToOuterDisposeScope();
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale)
    {
        using var scope = NewDisposeScope();
        var spread = _shape.IsColumnFrame ? Centering.Apply(y, _shape, scale) : Centering.ApplyAdjoint(y, _shape, scale);
        return _taps.PutBack(spread).MoveToOuterDisposeScope();
    }
}
