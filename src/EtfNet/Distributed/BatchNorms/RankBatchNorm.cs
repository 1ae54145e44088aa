using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Batch norm by the statistics of what all ranks see in one step.</summary>
internal static class RankBatchNorm
{
    /// <summary>The output of a batch norm in training, after its own forward on the same input.</summary>
    /// <param name="norm">The batch norm; its running statistics become those of the whole batch.</param>
    /// <param name="before">Its running statistics before that forward; null where it has none.</param>
    /// <param name="input">N x C x ..., this rank's share of the batch; it may be empty.</param>
    /// <param name="sum">Makes the call that sums a named quantity over the ranks, for this rank's number of values per feature.</param>
    /// <returns>A tensor like <paramref name="input"/>, of the current scope.</returns>
    public static Tensor Run(BatchNorm norm, (Tensor Mean, Tensor Variance)? before, Tensor input, Func<string, double, RankSumCall> sum)
    {
        using var scope = NewDisposeScope();
        var channels = input.shape[1];
        long[] others = [.. Enumerable.Range(0, (int)input.dim()).Where(dimension => dimension != 1)];
        long[] row = [1, channels, .. Enumerable.Repeat(1L, (int)input.dim() - 2)];
        var x = input.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? input.to(ScalarType.Float32) : input;
        var own = (double)(input.NumberOfElements / channels);

        var sums = x.sum(others, type: ScalarType.Float64);
        var totals = RankSum.Run(cat([sums, sums.new_full([1], own)]), sum("mean", own));
        var count = totals[channels].item<double>();
        var mean = totals.slice(0, 0, channels, 1) / count;
        // The deviations from the mean of all: a sum of squares of the values themselves would cancel.
        var deviations = x - mean.to(x.dtype).view(row);
        var squares = (deviations * deviations).sum(others, type: ScalarType.Float64);
        var variance = RankSum.Run(squares, sum("variance", own)) / count;

        if (before is { } old && count > 0)
            SetRunning(norm, old, mean, variance * (count / Math.Max(1, count - 1)));
        var scale = (variance + norm.eps).rsqrt().to(x.dtype);
        if (norm.affine)
            scale *= norm.weight;
        var output = deviations * scale.view(row);
        if (norm.affine)
            output += norm.bias!.view(row);
        return output.to(input.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Sets the running statistics, which the batch norm has updated with its own share only, to those of all ranks.</summary>
    private static void SetRunning(BatchNorm norm, (Tensor Mean, Tensor Variance) before, Tensor mean, Tensor variance)
    {
        using var noGrad = no_grad();
        var share = norm.momentum ?? 1 / norm.num_batches_tracked!.to(ScalarType.Float64).item<double>();
        norm.running_mean!.copy_(before.Mean * (1 - share) + mean * share);
        norm.running_var!.copy_(before.Variance * (1 - share) + variance * share);
    }
}
