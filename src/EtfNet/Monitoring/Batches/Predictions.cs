using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The classes that a model predicts for a forward: the greatest of its class scores, one per label. Read only where somebody asks.
/// </summary>
internal sealed class Predictions : IDisposable
{
    private readonly Tensor? _scores;
    private readonly int _dimension;
    private Tensor? _classes;
    private int[]? _values;

    private Predictions(Tensor? scores, int dimension) => (_scores, _dimension) = (scores, dimension);

    /// <summary>On the scores' device; null where there are not class scores for each label.</summary>
    public Tensor? Classes => _classes ??= Greatest();

    /// <summary>As numbers; empty where there are none.</summary>
    public int[] Values => _values ??= Read();

    /// <summary>Predictions from the class scores of a forward, which must outlive them.</summary>
    /// <param name="forward">The forward.</param>
    /// <param name="count">The number of labels.</param>
    /// <param name="wanted">Whether predictions are needed.</param>
    public static Predictions Of(Forward forward, long count, bool wanted)
    {
        // Where the model's result was not seen, the last layer's output stands for its.
        var scores = forward.Logits ?? (forward.HasResult || forward.Features.Count == 0 ? null : forward.Features[^1].Pooled);
        if (!wanted || scores is null)
            return new Predictions(null, 0);
        var shape = scores.shape;
        foreach (var dimension in shape.Length > 3 ? [1, shape.Length - 1] : new[] { shape.Length - 1, 1 })
            if (shape[dimension] > 1 && scores.NumberOfElements / shape[dimension] == count)
                return new Predictions(scores, dimension);
        return new Predictions(null, 0);
    }

    public void Dispose() => _classes?.Dispose();

    private Tensor? Greatest()
    {
        if (_scores is null)
            return null;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return _scores.argmax(_dimension).reshape(-1).DetachFromDisposeScope();
    }

    private int[] Read()
    {
        if (Classes is null)
            return [];
        using var here = Classes.cpu();
        return Array.ConvertAll(MemoryMarshal.Cast<byte, long>(here.bytes).ToArray(), value => (int)value);
    }
}
