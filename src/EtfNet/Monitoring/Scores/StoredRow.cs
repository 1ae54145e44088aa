using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>A sample's features, kept in float32 to be compared with others.</summary>
internal static class StoredRow
{
    /// <summary>A copy of a row in float32; null where it is not finite.</summary>
    public static float[]? Of(FeatureRows features, int row)
    {
        if (!features.IsFinite(row))
            return null;
        if (features.IsSingle)
            return features.SingleRow(row).ToArray();
        var wide = features.DoubleRow(row);
        var copy = new float[wide.Length];
        for (var i = 0; i < copy.Length; i++)
            copy[i] = (float)wide[i];
        return copy;
    }

    /// <summary>The squared distance of a row, rounded to float32, from a stored one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SquaredDistance(FeatureRows features, int row, float[] stored)
    {
        if (!features.IsSingle)
        {
            var wide = features.DoubleRow(row);
            var sum = 0.0;
            for (var i = 0; i < stored.Length; i++)
                sum += ((float)wide[i] - (double)stored[i]) * ((float)wide[i] - (double)stored[i]);
            return sum;
        }

        var single = features.SingleRow(row);
        var total = Vector<float>.Zero;
        var left = MemoryMarshal.Cast<float, Vector<float>>(single);
        var right = MemoryMarshal.Cast<float, Vector<float>>(stored.AsSpan());
        for (var i = 0; i < left.Length; i++)
        {
            var difference = left[i] - right[i];
            total += difference * difference;
        }

        double squares = Vector.Sum(total);
        for (var i = left.Length * Vector<float>.Count; i < single.Length; i++)
            squares += (single[i] - stored[i]) * (single[i] - stored[i]);
        return squares;
    }
}
