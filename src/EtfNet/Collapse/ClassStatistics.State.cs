namespace EtfNet;

/// <content>Saving and loading. What is saved, and how two states merge, is declared by the members with
/// <see cref="StateAttribute"/>.</content>
public sealed partial class ClassStatistics : IMergeableState, ICheckedState
{
    /// <summary>For loading.</summary>
    private ClassStatistics()
    {
    }

    /// <summary>The samples of each class. Set before what follows: it says which classes have a sample.</summary>
    [State(MergeRule.ByType, Name = "count", AtLeast = 0)]
    private long[] Counts
    {
        get => _counts[..ClassCount];
        set
        {
            Reset();
            _scratch = [];
            Grow(value.Length);
            value.CopyTo(_counts, 0);
            Total = value.Sum();
        }
    }

    /// <summary>The sums of the classes that have a sample.</summary>
    [State(MergeRule.ByType, Name = "sum", Shape = "present, width", Finite = true)]
    private double[][] PresentSums
    {
        get => [.. Present.Select(c => _sums[c]!)];
        set
        {
            foreach (var (c, sum) in Present.Zip(value))
                _sums[c] = sum;
        }
    }

    /// <summary>The scatter of the classes that have a sample.</summary>
    [State(MergeRule.ByType, Name = "scatter", Shape = "present", AtLeast = 0, Finite = true)]
    private double[] PresentScatter
    {
        get => [.. Present.Select(c => _scatter[c])];
        set
        {
            foreach (var (c, scatter) in Present.Zip(value))
                _scatter[c] = scatter;
        }
    }

    private IEnumerable<int> Present => Enumerable.Range(0, ClassCount).Where(c => _counts[c] > 0);

    /// <summary>Saves the state as a safetensors file: <c>count</c> for each class, <c>sum</c> and <c>scatter</c> for each class that has a
    /// sample.</summary>
    /// <param name="path">The file; an existing file is replaced as a whole.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        SafetensorsWriter.Write(path, DeclaredState.Capture(this, StateKind.Statistics));
    }

    /// <summary>Writes what <see cref="Save(string)"/> saves to a stream.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, DeclaredState.Capture(this, StateKind.Statistics));
    }

    /// <summary>Loads a saved state, bit for bit the same.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file holds no saved statistics, or is damaged or of a newer version.</exception>
    public static ClassStatistics Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Read(SafetensorsReader.Read(path));
    }

    /// <summary>Reads a saved state, bit for bit the same.</summary>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte of the state.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no saved statistics, or they are damaged or of a newer version.</exception>
    public static ClassStatistics Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(SafetensorsReader.Read(stream));
    }

    void IMergeableState.MergeParts(object other)
    {
        var theirs = (ClassStatistics)other;
        Grow(theirs.ClassCount);
        for (var c = 0; c < theirs.ClassCount; c++)
            if (theirs._counts[c] > 0)
                MergeClass(c, theirs._counts[c], theirs._sums[c]!, theirs._scatter[c]);
    }

    string? ICheckedState.Problem(StateValues values)
    {
        var (counts, present) = (values.Get<long[]>(nameof(Counts)), values.Get<double[][]>(nameof(PresentSums)).Length);
        if (counts.Length > LabelReader.MaxClassCount)
            return $"it has {counts.Length} classes; at most {LabelReader.MaxClassCount} are allowed";
        if (counts.Count(count => count > 0) is var classes && classes != present)
            return $"by 'count' {classes} of {counts.Length} classes have samples, but 'sum' has {Words.Count(present, "row")}";
        return counts.Aggregate((Int128)0, (sum, count) => sum + count) > long.MaxValue
            ? "'count' adds up to more than a 64-bit number holds"
            : null;
    }

    private static ClassStatistics Read(StateSet state) =>
        DeclaredState.Read<ClassStatistics>(StateKind.Require(state, StateKind.Statistics));
}
