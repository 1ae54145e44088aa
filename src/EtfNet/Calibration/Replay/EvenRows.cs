using System.Numerics;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Takes evenly spaced rows of features.</summary>
internal static class EvenRows
{
    /// <summary>Evenly spaced rows of features, up to a maximum, as a copy of its own.</summary>
    public static Tensor Some(Tensor features, int most) => Every(features, Step(features, most));

    /// <summary>The distance between rows that keeps their number within a maximum.</summary>
    public static long Step(Tensor features, int most)
    {
        var rows = features.NumberOfElements / Math.Max(1, features.shape[^1]);
        var step = Math.Max(1, (rows + most - 1) / most);
        // A step that shares a factor with the tokens of a sample would meet the same few tokens in every sample.
        var perSample = rows / Math.Max(1, features.shape[0]);
        while (BigInteger.GreatestCommonDivisor(step, perSample) > 1)
            step++;
        return step;
    }

    /// <summary>One row per step, as a copy detached from all scopes.</summary>
    public static Tensor Every(Tensor features, long step)
    {
        using var scope = NewDisposeScope();
        var flat = features.detach().reshape(-1, features.shape[^1]);
        return (step > 1 ? flat.slice(0, 0, flat.shape[0], step) : flat).clone().DetachFromDisposeScope();
    }
}
