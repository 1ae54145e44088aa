namespace EtfNet;

/// <summary>Everything about a realized frame but its factors: a few bytes, as plans and files write them.</summary>
internal sealed record SimplexEtfHeader(EtfFrameKind Kind, FrameShape Shape, long Seed, double Scale, int Rank)
{
    public const string Matrix = "matrix";
    public const string Left = "left";
    public const string Right = "right";

    /// <summary>The factors that travel with the weights: names and shapes.</summary>
    public IReadOnlyList<(string Name, long Rows, long Columns)> Factors => Kind switch
    {
        EtfFrameKind.Nearest => [(Matrix, Shape.Rows, Shape.Columns)],
        EtfFrameKind.Aligned => [(Left, Shape.Rows, FactorWidth), (Right, Shape.Columns, FactorWidth)],
        _ => [],
    };

    /// <summary>The columns of an aligned frame's factors: r, the centering, and zeros up to a multiple of 8, which products with them run
    /// faster for.</summary>
    public int FactorWidth => (Rank + 8) / 8 * 8;

    /// <summary>The length of <see cref="ToNumbers"/>.</summary>
    public const int NumberCount = 7;

    /// <summary>Kind, shape, seed and rank as a text: two frames with one signature can hold each other's state.</summary>
    public string Signature
    {
        get
        {
            var name = $"{Kind.ToString().ToLowerInvariant()}_{Shape.Rows}x{Shape.Columns}";
            if (Shape.IsColumnFrame)
                name += "_columns";
            if (Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom)
                name += $"_seed_{Seed}";
            return Kind is EtfFrameKind.Aligned ? name + $"_rank_{Rank}" : name;
        }
    }

    /// <summary>The header as whole numbers: kind, rows, columns, whether it is a column frame, seed, rank, and the bits of the
    /// scale.</summary>
    public long[] ToNumbers() =>
        [(long)Kind, Shape.Rows, Shape.Columns, Shape.IsColumnFrame ? 1 : 0, Seed, Rank, BitConverter.DoubleToInt64Bits(Scale)];

    /// <summary>The header of such numbers; <see cref="Problem"/> says whether it is a frame's.</summary>
    public static SimplexEtfHeader FromNumbers(ReadOnlySpan<long> numbers)
    {
        return new SimplexEtfHeader((EtfFrameKind)Narrow(numbers[0]), new FrameShape(numbers[1], numbers[2], numbers[3] != 0), numbers[4],
            BitConverter.Int64BitsToDouble(numbers[6]), Narrow(numbers[5]));

        static int Narrow(long number) => number is >= 0 and <= int.MaxValue ? (int)number : -1;
    }

    /// <summary>Looks for what is wrong with the numbers, wherever they came from.</summary>
    /// <returns>Null if nothing is.</returns>
    public string? Problem()
    {
        var (rows, columns) = (Shape.Rows, Shape.Columns);
        if (!Enum.IsDefined(Kind))
            return $"kind {Kind} is not one of {string.Join(", ", Enum.GetNames<EtfFrameKind>())}";
        if (rows < 2 || columns < 1)
            return $"shape {rows} x {columns} has no frame: at least 2 rows and 1 column are needed";
        if (!Shape.IsColumnFrame && rows - 1 > columns)
            return $"shape {rows} x {columns} has no simplex ETF of rows: at most {(ulong)columns + 1} rows";
        if (Shape.IsColumnFrame && (columns < 2 || rows - 1 <= columns))
            return $"shape {rows} x {columns} takes no column frame: it has a simplex ETF of rows, or fewer than 2 columns";
        if (!double.IsFinite(Scale) || Scale <= 0)
            return $"scale {Scale} is not a positive finite number";
        if (Seed != 0 && Kind is not (EtfFrameKind.Random or EtfFrameKind.DenseRandom))
            return $"seed {Seed} belongs to a random kind, not to {Kind}";
        if (Kind is EtfFrameKind.Aligned ? Rank < 0 || Rank > Shape.Points - 1 : Rank != 0)
            return $"rank {Rank} does not fit kind {Kind} of shape {rows} x {columns}";
        return null;
    }

    /// <summary>Checks factors: all that the frame has and no others, of their shapes, and finite.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public void RequireFactors(IReadOnlyDictionary<string, double[]> factors)
    {
        foreach (var (name, rows, columns) in Factors)
            if (!factors.TryGetValue(name, out var values) || values.LongLength != rows * columns)
                throw new ArgumentException($"Factor '{name}' of a frame {Signature} needs {rows} x {columns} numbers.",
                    nameof(factors));
            else if (!Array.TrueForAll(values, double.IsFinite))
                throw new ArgumentException($"Factor '{name}' of a frame {Signature} holds NaN or an infinity.", nameof(factors));
        if (factors.Count != Factors.Count)
            throw new ArgumentException($"A frame {Signature} has {Factors.Count} factors, not {factors.Count}.",
                nameof(factors));
    }
}
