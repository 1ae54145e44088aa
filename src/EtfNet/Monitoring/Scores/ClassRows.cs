namespace EtfNet;

/// <summary>For each of some classes a row of numbers, or none. All rows have one width.</summary>
/// <param name="classes">The number of classes.</param>
internal sealed class ClassRows(int classes) : ICheckedState
{
    /// <summary>A row, or null, for each class.</summary>
    public float[]?[] All { get; } = new float[classes][];

    [State(Shape = "known", AtLeast = 0)]
    private int[] Classes
    {
        get => [.. Known];
        set
        {
            Array.Clear(All);
            foreach (var c in value)
                All[c] = [];
        }
    }

    /// <summary>The rows of the classes that have one. Set after these classes.</summary>
    [State(Shape = "known, width")]
    private float[][] Rows
    {
        get => [.. Known.Select(c => All[c]!)];
        set
        {
            foreach (var (c, row) in Known.ToList().Zip(value))
                All[c] = row;
        }
    }

    private IEnumerable<int> Known => Enumerable.Range(0, classes).Where(c => All[c] is not null);

    public float[]? this[int c]
    {
        get => All[c];
        set => All[c] = value;
    }

    string? ICheckedState.Problem(StateValues values)
    {
        var known = values.Get<int[]>(nameof(Classes));
        return known.Zip(known.Skip(1)).All(pair => pair.First < pair.Second) && !known.Any(c => c >= classes)
            ? null
            : $"its classes are not in ascending order, or not below {classes}";
    }
}
