using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The classes that a model predicts: the greatest of each row of its output.</summary>
internal static class Predictions
{
    /// <summary>Predictions for a forward; empty where its output is not one row of class scores a sample.</summary>
    public static int[] Of(ForwardRecord record, long count)
    {
        // Where the model itself was not called, the last layer's output stands for its.
        var output = record.Output ?? record.Features[^1].Features;
        if (output.dim() != 2 || output.shape[0] != count || output.shape[1] < 2)
            return [];

        using var scope = NewDisposeScope();
        var classes = output.argmax(1).cpu();
        return Array.ConvertAll(MemoryMarshal.Cast<byte, long>(classes.bytes).ToArray(), value => (int)value);
    }
}
