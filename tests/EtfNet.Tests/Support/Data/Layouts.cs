using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>The same numbers in other orders of memory.</summary>
internal static class Layouts
{
    public const int Count = 6;

    /// <summary>A tensor equal to another one: dense, dimensions in another order, cut out of a larger one, every other number of one, or
    /// (where one sample stands for all) repeated without a copy.</summary>
    public static Tensor Of(Tensor x, int layout)
    {
        var dimensions = Enumerable.Range(0, (int)x.dim()).Select(i => (long)i).ToArray();
        switch (layout)
        {
            case 1 when x.dim() > 1:
                // Channels last: dimension 1 is a run of memory.
                return Permuted(x, [0, .. dimensions[2..], 1]);
            case 2:
                return Permuted(x, [.. dimensions.Reverse()]);
            case 3:
                return cat([x, x], -1).narrow(-1, x.shape[^1], x.shape[^1]);
            case 4:
                return x.unsqueeze(-1).repeat([.. dimensions.Select(_ => 1L), 2]).flatten(-2).slice(-1, 0, 2 * x.shape[^1], 2);
            case 5 when x.shape[0] > 0:
                return x.narrow(0, 0, 1).expand(x.shape);
            default:
                return x.contiguous();
        }
    }

    private static Tensor Permuted(Tensor x, long[] order)
    {
        var back = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
            back[order[i]] = i;
        return x.permute(order).contiguous().permute(back);
    }
}
