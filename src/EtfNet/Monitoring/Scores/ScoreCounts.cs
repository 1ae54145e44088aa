namespace EtfNet;

/// <summary>Scores of an epoch, as counts that add up over batches and processes.</summary>
internal sealed class ScoreCounts
{
    /// <summary>How finely it is kept from which share of its own deviation in the center a sample turns wrong.</summary>
    public const int Steps = 16;

    public long Scored { get; set; }

    /// <summary>Samples that are wrong with themselves left out as a whole.</summary>
    public long Wrong { get; set; }

    /// <summary>Of them, those that are right up to a share: entry i counts shares in (i, i + 1] / <see cref="Steps"/>.</summary>
    public long[] TurnsAt { get; } = new long[Steps];

    /// <summary>Scored samples whose decision float32 distances leave open.</summary>
    public long WithinRounding { get; set; }

    /// <summary>Samples whose nearest center was compared with the model's prediction, and how many differed.</summary>
    public long Compared { get; set; }

    public long Differing { get; set; }

    /// <summary>Samples that are wrong where such a share of a sample's deviation is in its center.</summary>
    public long WrongAt(double share)
    {
        var wrong = Wrong;
        for (var i = (int)Math.Ceiling(Math.Clamp(share, 0, 1) * Steps); i < Steps; i++)
            wrong -= TurnsAt[i];
        return wrong;
    }

    /// <summary>Notes at which shares wrong samples turn; those that never are right, or always, turn at none.</summary>
    public void AddTurns(ReadOnlySpan<float> shares)
    {
        foreach (var share in shares)
            if (share > 0 && !float.IsPositiveInfinity(share))
                TurnsAt[Math.Clamp((int)MathF.Ceiling(share * Steps) - 1, 0, Steps - 1)]++;
    }

    public void Add(ScoreCounts other)
    {
        Scored += other.Scored;
        Wrong += other.Wrong;
        WithinRounding += other.WithinRounding;
        Compared += other.Compared;
        Differing += other.Differing;
        for (var i = 0; i < Steps; i++)
            TurnsAt[i] += other.TurnsAt[i];
    }

    public void Clear()
    {
        (Scored, Wrong, WithinRounding, Compared, Differing) = (0, 0, 0, 0, 0);
        Array.Clear(TurnsAt);
    }

    /// <summary>Whether the counts can be: what was read from a file.</summary>
    public bool AreConsistent() =>
        Scored >= 0 && Wrong >= 0 && Wrong <= Scored && WithinRounding >= 0 && Differing >= 0 && Differing <= Compared
            && TurnsAt.All(count => count >= 0)
        && TurnsAt.Aggregate(0m, (sum, count) => sum + count) <= Wrong;
}
