namespace EtfNet;

/// <summary>A choice of simplex equiangular tight frame, without a shape. <see cref="SimplexEtf"/> is a frame of a given shape.</summary>
/// <remarks>
/// A simplex ETF of K rows in R^d exists if and only if <c>K &lt;= d + 1</c>. Its rows have the same norm s and pairwise cosine
/// <c>-1/(K-1)</c>: <c>E E^T = s^2 K/(K-1) (I - 11^T/K)</c>. For <c>K &lt;= d</c> every such frame is <c>s sqrt(K/(K-1)) C U</c>, with C
/// the centering and U (K x d) with orthonormal rows; the choice is that of U. Source: Papyan, Han, Donoho, PNAS 2020; Liu, arXiv
/// 2412.00884.
/// </remarks>
public sealed record EtfFrame
{
    private EtfFrame(EtfFrameKind kind) => Kind = kind;

    /// <summary>Gets the partial identity, for layers that are fixed from the start of a training. It stores nothing, and its arithmetic is
    /// one mean.</summary>
    public static EtfFrame Identity { get; } = new(EtfFrameKind.Identity);

    /// <summary>Gets the frame nearest to a trained weight or, if the layer's inputs are known, a frame whose outputs come near the
    /// layer's; for small layers, heads and convolutions.</summary>
    /// <remarks>More inputs per output allow a nearer frame.</remarks>
    public static EtfFrame Nearest { get; } = new(EtfFrameKind.Nearest);

    /// <summary>Gets the kind of frame.</summary>
    public EtfFrameKind Kind { get; }

    /// <summary>Gets the seed of the random kinds; 0 for the others.</summary>
    public long Seed { get; private init; }

    /// <summary>Gets, for an aligned frame, the maximum number of input directions to keep; 0 for the other kinds.</summary>
    public int Rank { get; private init; }

    /// <summary>Gets, for an aligned frame, the share of the input energy that its directions must contain, in (0, 1]; 1 if the rank alone
    /// decides.</summary>
    public double Energy { get; private init; } = 1;

    /// <summary>Gets whether the column frame is used if no simplex ETF of rows exists.</summary>
    /// <value>The default is false: a shape with <c>K &gt; d + 1</c> is an error.</value>
    public bool AllowsColumns { get; private init; }

    /// <summary>Gets the same choice, but with the column frame for <c>K &gt; d + 1</c>: its d columns are a simplex ETF in R^K.</summary>
    /// <remarks>For <c>K &lt;= d + 1</c> nothing changes. <c>W = s sqrt(d/(d-1)) P (I - 11^T/d)</c> with orthonormal columns in
    /// P.</remarks>
    public EtfFrame OrColumns => this with { AllowsColumns = true };

    /// <summary>A structured random rotation: a Kronecker product of two random orthogonal matrices of about sqrt(n).</summary>
    /// <param name="seed">Any value; the same seed gives the same frame, bit for bit, on any machine.</param>
    public static EtfFrame Random(long seed) => new(EtfFrameKind.Random) { Seed = seed };

    /// <summary>A dense rotation from the Haar measure.</summary>
    /// <param name="seed">Any value; the same seed gives the same frame to 1e-12 on any machine.</param>
    public static EtfFrame DenseRandom(long seed) => new(EtfFrameKind.DenseRandom) { Seed = seed };

    /// <summary>The low-rank rotation that agrees with a trained weight on its leading input directions.</summary>
    /// <param name="rank">The number of directions to keep, at least 1; about twice the class count is enough.</param>
    /// <returns>The choice. For a layer whose structured form would not halve the work of a dense matrix, <see cref="Nearest"/>
    /// is used.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rank"/> is below 1.</exception>
    public static EtfFrame Aligned(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        return AlignedToEnergy(1, rank);
    }

    /// <summary>The low-rank rotation that agrees with a trained weight on the leading input directions that together contain a given share
    /// of the input energy.</summary>
    /// <param name="energy">The share, in (0, 1].</param>
    /// <param name="maxRank">The maximum number of directions, at least 1.</param>
    /// <returns>The choice, as in <see cref="Aligned"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share does not lie in (0, 1], or the rank is below 1.</exception>
    public static EtfFrame AlignedToEnergy(double energy, int maxRank)
    {
        if (energy is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(energy), energy, "The share of the input energy must lie in (0, 1].");
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRank, 1);
        return new EtfFrame(EtfFrameKind.Aligned) { Energy = energy, Rank = maxRank };
    }

    /// <summary>Gets, for an aligned frame, whether it keeps the leading directions of the inputs' class means instead of those of the
    /// inputs.</summary>
    /// <value>The default is false. In measurements both gave the same results at the same rank. Without labels the directions are those of
    /// the inputs.</value>
    public bool ByClassMeans { get; init; }

    /// <summary>The same choice of an aligned frame with another maximum number of directions.</summary>
    internal EtfFrame WithRank(int rank) => this with { Rank = rank };

    /// <inheritdoc/>
    public override string ToString()
    {
        var name = Kind switch
        {
            EtfFrameKind.Random or EtfFrameKind.DenseRandom => $"{Kind}(seed {Seed})",
            EtfFrameKind.Aligned when Energy < 1 => FormattableString.Invariant($"Aligned(energy {Energy}, rank at most {Rank})"),
            EtfFrameKind.Aligned => $"Aligned(rank {Rank}{(ByClassMeans ? ", class means" : "")})",
            _ => Kind.ToString(),
        };
        return AllowsColumns ? name + " or columns" : name;
    }
}
