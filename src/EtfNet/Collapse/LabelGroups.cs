namespace EtfNet;

/// <summary>The labels of a batch, and its rows grouped by class, so that each class's sum is visited once.</summary>
internal sealed class LabelGroups
{
    private const int FewLabels = 1024;
    private const int LabelsOfARow = 4;

    private readonly int[] _order;
    private readonly int[] _starts;

    private LabelGroups(int[] labels, int[] order, int[] classes, int[] starts)
    {
        Labels = labels;
        _order = order;
        Classes = classes;
        _starts = starts;
    }

    /// <summary>One class per row; negative for a row without a label, which is in no group.</summary>
    public int[] Labels { get; }

    /// <summary>The classes of this batch, ascending.</summary>
    public int[] Classes { get; }

    /// <summary>The number of rows, those without a label included.</summary>
    public int Count => Labels.Length;

    /// <summary>The number of rows that have a label.</summary>
    public int Labeled => _starts[^1];

    public int MaxLabel => Classes.Length == 0 ? -1 : Classes[^1];

    /// <summary>The rows of <c>Classes[index]</c>, ascending.</summary>
    public ReadOnlySpan<int> Rows(int index) => _order.AsSpan(_starts[index], _starts[index + 1] - _starts[index]);

    /// <summary>Cuts the groups into at most <paramref name="parts"/> runs of about as many rows each; gives where each begins, and the end
    /// of the last.</summary>
    public int[] Cut(int parts)
    {
        List<int> cuts = [0];
        for (var part = 1; part <= parts; part++)
        {
            var rows = (long)Labeled * part / parts;
            var cut = Array.BinarySearch(_starts, (int)rows);
            cut = part == parts ? Classes.Length : cut < 0 ? ~cut : cut;
            if (cut > cuts[^1])
                cuts.Add(cut);
        }

        return [.. cuts];
    }

    public static LabelGroups Create(ReadOnlySpan<int> labels)
    {
        var highest = -1;
        foreach (var label in labels)
            highest = Math.Max(highest, label);
        // Counting takes memory for every label below the highest; sorting takes none.
        return highest <= Math.Max(FewLabels, LabelsOfARow * (long)labels.Length) ? Counted(labels, highest + 1) : Sorted(labels);
    }

    private static LabelGroups Counted(ReadOnlySpan<int> labels, int count)
    {
        var ends = new int[count];
        foreach (var label in labels)
            if (label >= 0)
                ends[label]++;
        var classes = new List<int>();
        var starts = new List<int> { 0 };
        for (var label = 0; label < count; label++)
        {
            var before = starts[^1];
            if (ends[label] > 0)
            {
                classes.Add(label);
                starts.Add(before + ends[label]);
            }

            ends[label] = before;
        }

        var order = new int[starts[^1]];
        for (var row = 0; row < labels.Length; row++)
            if (labels[row] >= 0)
                order[ends[labels[row]]++] = row;
        return new LabelGroups(labels.ToArray(), order, [.. classes], [.. starts]);
    }

    private static LabelGroups Sorted(ReadOnlySpan<int> labels)
    {
        // Label in the high half, row in the low: one sort of plain numbers, and stable.
        var all = new long[labels.Length];
        for (var row = 0; row < all.Length; row++)
            all[row] = ((long)labels[row] << 32) | (uint)row;
        Array.Sort(all);
        // Rows without a label are negative, and so come first.
        var keys = all.AsSpan(all.AsSpan().IndexOfAnyInRange(0, long.MaxValue) is var first and >= 0 ? first : all.Length);

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
