using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A structured random frame of row points: centering after a <see cref="KroneckerOrthogonal"/>; n x n numbers are never
/// made.</summary>
internal sealed class KroneckerOperator : FrameOperator
{
    private readonly FrameShape _shape;
    private readonly KroneckerOrthogonal _rotation;
    private readonly List<(TensorCache Left, TensorCache Right)> _factors = [];
    private readonly TensorCache? _forth;
    private readonly TensorCache? _back;

    /// <summary>The rows of the table that hold points, in one block: the others are not computed.</summary>
    private readonly int _tableRows;

    public KroneckerOperator(FrameShape shape, long seed)
    {
        _rotation = KroneckerOrthogonal.Create(shape.Space, seed);
        var first = _rotation.Blocks[0];
        _tableRows = _rotation.Permutation is null ? (int)Math.Min(first.A, (shape.Points + first.B - 1) / first.B) : first.A;
        var space = _tableRows < first.A ? (long)_tableRows * first.B : shape.Space;
        _shape = shape.IsColumnFrame ? shape with { Rows = space } : shape with { Columns = space };
        foreach (var block in _rotation.Blocks)
            _factors.Add((Factor(block.Left, block.A), Factor(block.Right, block.B)));
        if (_rotation.Permutation is not { } permutation)
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
        foreach (var (left, right) in _factors)
        {
            left.Dispose();
            right.Dispose();
        }

        _forth?.Dispose();
        _back?.Dispose();
    }

    private Tensor Rotate(Tensor x)
    {
        if (_forth is null)
            return Turn(x, 0);
        using var first = Turn(x, 0);
        using var mixed = first.index_select(1, _forth.For(x, ownType: true));
        return Turn(mixed, 1);
    }

    private Tensor RotateBack(Tensor y)
    {
        if (_back is null)
            return TurnBack(y, 0);
        using var last = TurnBack(y, 1);
        using var mixed = last.index_select(1, _back.For(y, ownType: true));
        return TurnBack(mixed, 0);
    }

    /// <summary>A X B^T for each row, read as an a x b table X; of A the rows that are needed, which come first then.</summary>
    private Tensor Turn(Tensor x, int index) => OnBlock(x, index, part =>
    {
        using var scope = NewDisposeScope();
        var (left, right) = (_factors[index].Left.For(x), _factors[index].Right.For(x).t());
        var (rows, block) = (part.shape[0], _rotation.Blocks[index]);
        if (_tableRows == block.A)
            return Sandwich(part, left, right, block.A, block).MoveToOuterDisposeScope();
        var half = left.narrow(0, 0, _tableRows).expand(rows, _tableRows, block.A).bmm(part.reshape(rows, block.A, block.B));
        return half.view(rows * _tableRows, block.B).mm(right).view(rows, _tableRows * block.B).MoveToOuterDisposeScope();
    });

    /// <summary>A^T Y B for each row; the rows of the table Y that are left out are zeros.</summary>
    private Tensor TurnBack(Tensor y, int index) => OnBlock(y, index, part =>
    {
        using var scope = NewDisposeScope();
        var (left, right) = (_factors[index].Left.For(y), _factors[index].Right.For(y));
        return Sandwich(part, left.narrow(0, 0, _tableRows).t(), right, _tableRows, _rotation.Blocks[index]).MoveToOuterDisposeScope();
    });

    private static Tensor Sandwich(Tensor tables, Tensor left, Tensor right, int tableRows, KroneckerBlock block)
    {
        var rows = tables.shape[0];
        var half = tables.reshape(rows * tableRows, block.B).mm(right).view(rows, tableRows, block.B);
        return left.expand(rows, block.A, tableRows).bmm(half).view(rows, block.Length);
    }

    /// <summary>Turns the block's coordinates and leaves the others.</summary>
    private Tensor OnBlock(Tensor x, int index, Func<Tensor, Tensor> turn)
    {
        var block = _rotation.Blocks[index];
        if (block.Length == _rotation.Width)
            return turn(x);
        using var scope = NewDisposeScope();
        var turned = turn(x.narrow(1, block.Start, block.Length));
        var before = x.narrow(1, 0, block.Start);
        var after = x.narrow(1, block.Start + block.Length, _rotation.Width - block.Start - block.Length);
        return cat([before, turned, after], 1).MoveToOuterDisposeScope();
    }

    private static TensorCache Factor(double[] values, int size) => new(_ => tensor(values, [size, size]));

    private static Tensor Indices(int[] permutation) => tensor(Array.ConvertAll(permutation, i => (long)i));

    private static int[] Inverse(int[] permutation)
    {
        var inverse = new int[permutation.Length];
        for (var i = 0; i < permutation.Length; i++)
            inverse[permutation[i]] = i;
        return inverse;
    }
}
