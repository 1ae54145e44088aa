using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The classes that a model predicts for a forward: the greatest of each row of its output. Read only where somebody asks.</summary>
internal sealed class Predictions : IDisposable
{
    private readonly Tensor? _classes;
    private int[]? _values;

    private Predictions(Tensor? classes) => _classes = classes;

    /// <summary>On the output's device; null where the output is not one row of class scores a sample.</summary>
    public Tensor? Classes => _classes;

    /// <summary>As numbers; empty where there are none.</summary>
    public int[] Values => _values ??= Read();

    public static Predictions Of(ForwardRecord record, long count, bool wanted)
    {
        // Where the model itself was not called, the last layer's output stands for its.
        var output = record.Output ?? (record.Features.Count > 0 ? record.Features[^1].Features : null);
        if (!wanted || output is null || output.dim() != 2 || output.shape[0] != count || output.shape[1] < 2)
            return new Predictions(null);
        using var noGradient = no_grad();
        return new Predictions(output.argmax(1).DetachFromDisposeScope());
    }

    public void Dispose() => _classes?.Dispose();

    private int[] Read()
    {
        if (_classes is null)
            return [];
        using var here = _classes.cpu();
        return Array.ConvertAll(MemoryMarshal.Cast<byte, long>(here.bytes).ToArray(), value => (int)value);
    }
}
