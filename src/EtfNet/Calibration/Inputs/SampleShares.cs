using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The shares of a batch that several ranks kept.</summary>
internal static class SampleShares
{
    /// <summary>Whether batches are shares of one: all of their inputs have a row per sample, of the same shape everywhere.</summary>
    public static bool FitTogether(List<SampleBatch> batches) => batches.TrueForAll(batch =>
        batch.Labels is null == batches[0].Labels is null && batch.Inputs.Length == batches[0].Inputs.Length
        && batch.Inputs.Zip(batches[0].Inputs).All(pair => pair is (null, null) || (pair is ({ } input, { } first)
            && input.dim() > 0 && input.shape[0] == batch.Rows && input.shape.AsSpan(1).SequenceEqual(first.shape.AsSpan(1)))));

    /// <summary>The shares of a step as one batch; they are let go of.</summary>
    public static SampleBatch Join(List<SampleBatch> shares)
    {
        var inputs = shares[0].Inputs.Select((input, at) => input is null ? null : Joined(shares.Select(share => share.Inputs[at]!)));
        var labels = shares[0].Labels is null ? null : Joined(shares.Select(share => share.Labels!));
        var batch = new SampleBatch(null, [.. inputs], shares[0].Draw) { Labels = labels };
        shares.ForEach(share => share.Dispose());
        return batch;

        static Tensor Joined(IEnumerable<Tensor> tensors) => cat([.. tensors]).DetachFromDisposeScope();
    }
}
