namespace EtfNet;

/// <summary>The class means of a state, made ready to score against: float32, seen from the global mean, present classes only.</summary>
internal sealed class ClassCenters
{
    private ClassCenters(ClassStatistics source, int[] classes, int stride)
    {
        Width = source.Width;
        Stride = stride;
        Classes = classes;
        IndexOf = new int[source.ClassCount];
        Array.Fill(IndexOf, -1);
        Global = new float[stride];
        Values = new float[(long)classes.Length * stride];
        SquaredNorms = new float[classes.Length];
        OwnFactors = new float[classes.Length];
    }

    public int Width { get; }

    /// <summary>Row length of <see cref="Values"/>: the width, rounded up to whole vectors; the rest is zero.</summary>
    public int Stride { get; }

    /// <summary>The classes that have a center, ascending.</summary>
    public int[] Classes { get; }

    /// <summary>From class to row of <see cref="Values"/>; -1 for a class without center.</summary>
    public int[] IndexOf { get; }

    /// <summary>The mean over all samples: what every feature and center is seen from, so that float32 keeps its digits.</summary>
    public float[] Global { get; }

    public float[] Values { get; }

    public float[] SquaredNorms { get; }

    /// <summary>
    /// <c>(n/(n-1))^2</c>, which turns the own-class squared distance into the leave-one-out one; infinite for a singleton. 1 where none
    /// is left out.
    /// </summary>
    public float[] OwnFactors { get; }

    public float MaxNorm { get; private set; }

    /// <summary>Whether a sample is left out of its own center.</summary>
    public bool LeavesOneOut { get; private init; }

    public ReadOnlySpan<float> Row(int index) => Values.AsSpan(index * Stride, Stride);

    /// <summary>The own-class factor in float64, as the exact mode needs it.</summary>
    public static double OwnFactor(long count) => count > 1 ? Math.Pow((double)count / (count - 1), 2) : double.PositiveInfinity;

    /// <summary>The centers of a state with at least one sample.</summary>
    /// <param name="source">The state.</param>
    /// <param name="leaveOneOut">Whether a sample is left out of its own center.</param>
    public static ClassCenters Create(ClassStatistics source, bool leaveOneOut = true)
    {
        var classes = Enumerable.Range(0, source.ClassCount).Where(c => source.Count(c) > 0).ToArray();
        const int multiple = RowProducts.Multiple;
        var centers = new ClassCenters(source, classes, (source.Width + multiple - 1) / multiple * multiple) { LeavesOneOut = leaveOneOut };

        var global = new double[source.Width];
        foreach (var c in classes)
            RowKernels.AddScaled(source.Sum(c), 1, global);
        for (var i = 0; i < global.Length; i++)
            centers.Global[i] = (float)(global[i] / source.Total);

        for (var index = 0; index < classes.Length; index++)
            centers.Fill(index, source);
        if (!leaveOneOut)
            Array.Fill(centers.OwnFactors, 1);
        return centers;
    }

    /// <summary>Writes a sample less the global mean.</summary>
    /// <returns>Its squared norm, which is not finite exactly if a feature is not (or float32 cannot hold it).</returns>
    public unsafe float Center(FeatureRows features, int row, Span<float> target)
    {
        if (features.IsSingle)
            fixed (float* source = features.SingleRow(row), global = Global, centered = target)
                return RowProducts.For(Stride).Subtract(source, global, centered, Width);

        var total = 0f;
        var wide = features.DoubleRow(row);
        for (var i = 0; i < wide.Length; i++)
        {
            target[i] = (float)(wide[i] - Global[i]);
            total += target[i] * target[i];
        }

        return total;
    }

    /// <summary>Multiplies centered rows with all centers.</summary>
    /// <param name="rows">Four rows of <see cref="Stride"/> numbers.</param>
    /// <param name="products">Takes rows x centers numbers.</param>
    public unsafe void Multiply(ReadOnlySpan<float> rows, Span<float> products)
    {
        fixed (float* row = rows, center = Values, target = products)
            RowProducts.For(Stride).Multiply(row, center, Stride, Classes.Length, target);
    }

    /// <summary>Multiplies a centered row with one center.</summary>
    public unsafe float Product(ReadOnlySpan<float> row, int index)
    {
        fixed (float* left = row, right = Row(index))
            return RowProducts.For(Stride).Product(left, right, Stride);
    }

    private void Fill(int index, ClassStatistics source)
    {
        var c = Classes[index];
        IndexOf[c] = index;
        OwnFactors[index] = (float)OwnFactor(source.Count(c));

        var sum = source.Sum(c);
        var count = source.Count(c);
        var squares = 0.0;
        var row = Values.AsSpan(index * Stride, Width);
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = (float)(sum[i] / count - Global[i]);
            squares += (double)row[i] * row[i];
        }

        SquaredNorms[index] = (float)squares;
        MaxNorm = Math.Max(MaxNorm, (float)Math.Sqrt(squares));
    }
}
