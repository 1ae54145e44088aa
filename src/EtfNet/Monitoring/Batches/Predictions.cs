using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The classes that a model predicts for a forward: the greatest of each row of its output. Read only where somebody asks.</summary>
internal sealed class Predictions : IDisposable
{
    private readonly Tensor? _output;
    private Tensor? _classes;
    private int[]? _values;

    private Predictions(Tensor? output) => _output = output;

    /// <summary>On the output's device; null where the output is not one row of class scores a sample.</summary>
    public Tensor? Classes => _classes ??= Greatest();

    /// <summary>As numbers; empty where there are none.</summary>
    public int[] Values => _values ??= Read();

    /// <summary>Predictions from the output of a forward, which must live as long as they.</summary>
    public static Predictions Of(ForwardRecord record, long count, bool wanted)
    {
        // Where the model itself was not called, the last layer's output stands for its.
        var output = record.Output ?? (record.Features.Count > 0 ? record.Features[^1].Features : null);
        return new Predictions(wanted && output is not null && output.dim() == 2 && output.shape[0] == count && output.shape[1] > 1 ? output : null);
    }

    public void Dispose() => _classes?.Dispose();

    private Tensor? Greatest()
    {
        using var noGrad = no_grad();
        return _output?.argmax(1).DetachFromDisposeScope();
    }

    private int[] Read()
    {
        if (Classes is null)
            return [];
        using var here = Classes.cpu();
        return Array.ConvertAll(MemoryMarshal.Cast<byte, long>(here.bytes).ToArray(), value => (int)value);
    }
}
