namespace EtfNet;

/// <summary>The labels of a batch, and its rows grouped by class, so that each class's sum is visited once.</summary>
internal sealed class LabelGroups
{
    private readonly int[] _order;
    private readonly int[] _starts;

    private LabelGroups(int[] labels, int[] order, int[] classes, int[] starts)
    {
        Labels = labels;
        _order = order;
        Classes = classes;
        _starts = starts;
    }

    public int[] Labels { get; }

    /// <summary>The classes of this batch, ascending.</summary>
    public int[] Classes { get; }

    public int Count => Labels.Length;

    public int MaxLabel => Classes.Length == 0 ? -1 : Classes[^1];

    /// <summary>The rows of <c>Classes[index]</c>, ascending.</summary>
    public ReadOnlySpan<int> Rows(int index) => _order.AsSpan(_starts[index], _starts[index + 1] - _starts[index]);

    public static LabelGroups Create(ReadOnlySpan<int> labels)
    {
        // Label in the high half, row in the low: one sort of plain numbers, and stable.
        var keys = new long[labels.Length];
        for (var row = 0; row < keys.Length; row++)
            keys[row] = ((long)labels[row] << 32) | (uint)row;
        Array.Sort(keys);

        var order = new int[keys.Length];
        var classes = new List<int>();
        var starts = new List<int>();
        for (var i = 0; i < keys.Length; i++)
        {
            order[i] = (int)(keys[i] & 0xFFFFFFFF);
            var label = (int)(keys[i] >> 32);
            if (classes.Count > 0 && classes[^1] == label)
                continue;
            classes.Add(label);
            starts.Add(i);
        }

        starts.Add(keys.Length);
        return new LabelGroups(labels.ToArray(), order, [.. classes], [.. starts]);
    }
}
