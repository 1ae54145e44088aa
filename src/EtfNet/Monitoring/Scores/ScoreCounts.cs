namespace EtfNet;

/// <summary>Scores of an epoch, as counts that add up over batches and processes.</summary>
internal sealed class ScoreCounts : ICheckedState
{
    /// <summary>The number of steps in which the share is kept at which a sample turns wrong (of its own deviation, in its
    /// center).</summary>
    public const int Steps = 16;

    [State(MergeRule.Sum, AtLeast = 0)]
    public long Scored { get; set; }

    /// <summary>Samples that are wrong with themselves left out as a whole.</summary>
    [State(MergeRule.Sum, AtLeast = 0, AtMost = nameof(Scored))]
    public long Wrong { get; set; }

    /// <summary>Of them, those that are right up to a share: entry i counts shares in (i, i + 1] / <see cref="Steps"/>.</summary>
    [State(MergeRule.Sum, AtLeast = 0)]
    public long[] TurnsAt { get; } = new long[Steps];

    /// <summary>Scored samples whose decision float32 distances leave open.</summary>
    [State(MergeRule.Sum, AtLeast = 0)]
    public long WithinRounding { get; set; }

    /// <summary>Samples whose nearest center was compared with the model's prediction, and how many differed.</summary>
    [State(MergeRule.Sum, AtLeast = 0)]
    public long Compared { get; set; }

    [State(MergeRule.Sum, AtLeast = 0, AtMost = nameof(Compared))]
    public long Differing { get; set; }

    /// <summary>Samples that are wrong where such a share of a sample's deviation is in its center.</summary>
    public long WrongAt(double share)
    {
        var wrong = Wrong;
        for (var i = (int)Math.Ceiling(Math.Clamp(share, 0, 1) * Steps); i < Steps; i++)
            wrong -= TurnsAt[i];
        return wrong;
    }

    /// <summary>Adds the scores of a batch.</summary>
    /// <param name="score">How many were scored, and how.</param>
    /// <param name="turns">At which shares wrong samples turn; those that never are right, or always, turn at none.</param>
    public void Add(NccScore score, ReadOnlySpan<float> turns)
    {
        Scored += score.Scored;
        Wrong += score.Wrong;
        WithinRounding += score.Rescored;
        foreach (var share in turns)
            if (share > 0 && !float.IsPositiveInfinity(share))
                TurnsAt[Math.Clamp((int)MathF.Ceiling(share * Steps) - 1, 0, Steps - 1)]++;
    }

    /// <summary>Compares the nearest centers of a batch with the model's predictions.</summary>
    public void Compare(ReadOnlySpan<int> nearest, ReadOnlySpan<int> predictions)
    {
        for (var i = 0; i < nearest.Length; i++)
            if (nearest[i] >= 0)
            {
                Compared++;
                Differing += nearest[i] == predictions[i] ? 0 : 1;
            }
    }

    string? ICheckedState.Problem(StateValues values)
    {
        var (turns, wrong) = (values.Get<long[]>(nameof(TurnsAt)), values.Get<long>(nameof(Wrong)));
        return turns.Aggregate((Int128)0, (sum, count) => sum + count) is var sum && sum > wrong
            ? $"{sum} wrong samples turn, and {wrong} are wrong"
            : null;
    }
}
