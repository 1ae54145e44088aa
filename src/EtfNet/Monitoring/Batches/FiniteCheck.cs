using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Looks for NaN and infinity before any statistic changes.</summary>
internal static class FiniteCheck
{
    public static void ThrowIfNot(string layer, Tensor features)
    {
        using var scope = NewDisposeScope();
        var bad = features.isfinite().logical_not().any(1).sum().item<long>();
        if (bad > 0)
            throw new InvalidOperationException(
                $"{bad} of {features.shape[0]} samples have NaN or infinite features at layer '{layer}'. "
                + "With NonFinitePolicy.LeaveOut they are left out and counted.");
    }
}
