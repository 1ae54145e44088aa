using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One block of a <see cref="KroneckerOrthogonal"/> on the rows of a matrix; the coordinates outside it stay as they
/// are.</summary>
/// <param name="block">The block.</param>
/// <param name="width">The number of coordinates.</param>
/// <param name="tableRows">The rows of the a x b table that are needed, which come first.</param>
internal sealed class KroneckerBlockOperator(KroneckerBlock block, int width, int tableRows) : IDisposable
{
    private readonly TensorCache _left = new(_ => HostTensor.Of(block.Left, block.A, block.A));
    private readonly TensorCache _right = new(_ => HostTensor.Of(block.Right, block.B, block.B));

    /// <summary>A X B^T for each row, read as an a x b table X; of A the rows that are needed.</summary>
    public Tensor Apply(Tensor x) => OnBlock(x, part =>
    {
        using var scope = NewDisposeScope();
        var (left, right) = (_left.For(x), _right.For(x).t());
        var rows = part.shape[0];
        if (tableRows == block.A)
            return Sandwich(part, left, right, block.A).MoveToOuterDisposeScope();
        var half = left.narrow(0, 0, tableRows).expand(rows, tableRows, block.A).bmm(part.reshape(rows, block.A, block.B));
        return half.view(rows * tableRows, block.B).mm(right).view(rows, tableRows * block.B).MoveToOuterDisposeScope();
    });

    /// <summary>A^T Y B for each row; the rows of the table Y that are left out are zeros.</summary>
    public Tensor ApplyAdjoint(Tensor y) => OnBlock(y, part =>
    {
        using var scope = NewDisposeScope();
        var (left, right) = (_left.For(y), _right.For(y));
        return Sandwich(part, left.narrow(0, 0, tableRows).t(), right, tableRows).MoveToOuterDisposeScope();
    });

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    private Tensor Sandwich(Tensor tables, Tensor left, Tensor right, int height)
    {
        var rows = tables.shape[0];
        var half = tables.reshape(rows * height, block.B).mm(right).view(rows, height, block.B);
        return left.expand(rows, block.A, height).bmm(half).view(rows, block.Length);
    }

    private Tensor OnBlock(Tensor x, Func<Tensor, Tensor> turn)
    {
        if (block.Length == width)
            return turn(x);
        using var scope = NewDisposeScope();
        var turned = turn(x.narrow(1, block.Start, block.Length));
        var before = x.narrow(1, 0, block.Start);
        var after = x.narrow(1, block.Start + block.Length, width - block.Start - block.Length);
        return cat([before, turned, after], 1).MoveToOuterDisposeScope();
    }
}
