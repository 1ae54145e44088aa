using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What the model returned in a forward: the tensors, as long as the user keeps them, and their shapes.</summary>
internal sealed class ForwardOutputs
{
    private readonly List<WeakReference<Tensor>> _tensors = [];
    private readonly List<long[]> _shapes = [];

    public int Count => _tensors.Count;

    /// <summary>Whether any tensor with dimensions was returned.</summary>
    public bool Any => _shapes.Count > 0;

    /// <summary>The greatest number of columns; 0 where there are none.</summary>
    public long Width => _shapes.Where(shape => shape.Length > 1).Select(Columns).DefaultIfEmpty(0).Max();

    /// <summary>The columns of class scores of a shape: the channels of maps, else the last dimension.</summary>
    public static long Columns(long[] shape) => shape[shape.Length > 3 ? 1 : ^1];

    public void Add(IReadOnlyList<Tensor> outputs)
    {
        _tensors.AddRange(outputs.Select(output => new WeakReference<Tensor>(output)));
        _shapes.AddRange(outputs.Where(output => output.dim() > 0).Select(output => output.shape));
    }

    /// <summary>Whether this very tensor was returned.</summary>
    public bool Contain(Tensor output) =>
        _tensors.Exists(reference => reference.TryGetTarget(out var known) && ReferenceEquals(known, output));

    /// <summary>The first possible row count of an output that a layer also has; null for none.</summary>
    public long? RowsAmong(List<long> layers, Func<long[], long[]> rowsOf)
    {
        foreach (var rows in _shapes.SelectMany(rowsOf))
            if (layers.Contains(rows))
                return rows;
        return null;
    }
}
