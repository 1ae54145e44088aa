using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A structured random frame of row points: centering after a <see cref="KroneckerOrthogonal"/>; n x n numbers are never
/// made.</summary>
internal sealed class KroneckerOperator : FrameOperator
{
    private readonly FrameShape _shape;
    private readonly List<KroneckerBlockOperator> _blocks;
    private readonly TensorCache? _forth;
    private readonly TensorCache? _back;

    public KroneckerOperator(FrameShape shape, long seed)
    {
        var rotation = KroneckerOrthogonal.Create(shape.Space, seed);
        var first = rotation.Blocks[0];
        // In one block, table rows that hold no points are not computed.
        var tableRows = rotation.Permutation is null ? (int)Math.Min(first.A, (shape.Points + first.B - 1) / first.B) : first.A;
        var space = tableRows < first.A ? (long)tableRows * first.B : shape.Space;
        _shape = shape.IsColumnFrame ? shape with { Rows = space } : shape with { Columns = space };
        _blocks = [.. rotation.Blocks.Select(block => new KroneckerBlockOperator(block, rotation.Width, tableRows))];
        if (rotation.Permutation is not { } permutation)
            return;
        _forth = new TensorCache(_ => Indices(permutation));
        _back = new TensorCache(_ => Indices(Inverse(permutation)));
    }

    public override Tensor Apply(Tensor x, FrameScale scale)
    {
        using var turned = Rotate(x);
        return Centering.Apply(turned, _shape, scale);
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale)
    {
        using var spread = Centering.ApplyAdjoint(y, _shape, scale);
        return RotateBack(spread);
    }

    public override void Dispose()
    {
        foreach (var block in _blocks)
            block.Dispose();
        _forth?.Dispose();
        _back?.Dispose();
    }

    private Tensor Rotate(Tensor x)
    {
        if (_forth is null)
            return _blocks[0].Apply(x);
        using var first = _blocks[0].Apply(x);
        using var mixed = first.index_select(1, _forth.For(x, ownType: true));
        return _blocks[1].Apply(mixed);
    }

    private Tensor RotateBack(Tensor y)
    {
        if (_back is null)
            return _blocks[0].ApplyAdjoint(y);
        using var last = _blocks[1].ApplyAdjoint(y);
        using var mixed = last.index_select(1, _back.For(y, ownType: true));
        return _blocks[0].ApplyAdjoint(mixed);
    }

    private static Tensor Indices(int[] permutation) => tensor(Array.ConvertAll(permutation, i => (long)i));

    private static int[] Inverse(int[] permutation)
    {
        var inverse = new int[permutation.Length];
        for (var i = 0; i < permutation.Length; i++)
            inverse[permutation[i]] = i;
        return inverse;
    }
}
