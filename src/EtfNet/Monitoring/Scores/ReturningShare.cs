namespace EtfNet;

/// <summary>
/// Finds how much of a sample's deviation from its class mean returns in the next epoch, for classes of few samples, whose centers it moves
/// most.
/// </summary>
/// <remarks>
/// <para>Of each class one sample of the epoch is stored. In the next epoch the nearest sample of that class is, most likely, the same one:
/// where nothing moved it is found at distance zero, under strong augmentation no nearer than others are. With m the mean of all distances
/// but the least, l the least, taken over the class's samples of the next epoch (a) and of the same epoch (w, which cannot hold the sample
/// itself), the share is the square root of <c>((m_a - l_a) - (m_w - l_w)) / (m_w - (m_w - l_w))</c>, sums over classes. That a class has
/// moved as a whole adds the same to m_a and l_a. The root errs on the high side, which keeps noise out; 1, the sample itself, is what
/// holds where nothing is known.</para>
/// <para>Only classes below <see cref="Classes"/> take part, and of each about its first <see cref="FewSamples"/> samples: in larger
/// classes a sample hardly moves its center.</para>
/// </remarks>
internal sealed class ReturningShare : IMergeableState
{
    public const int Classes = 64;
    public const int FewSamples = 64;
    private const double NearlyOne = 0.95;

    /// <summary>This epoch's sample of each class.</summary>
    [State]
    public ClassRows Stored { get; } = new(Classes);

    /// <summary>Distances from it in this epoch.</summary>
    [State]
    public ClassDistances Within { get; } = new(Classes);

    /// <summary>The last epoch's sample of each class, where that had few.</summary>
    [State]
    public ClassRows Before { get; } = new(Classes);

    /// <summary>The gap of the distances from it in its own epoch.</summary>
    [State(Finite = true)]
    public double[] BeforeGap { get; } = new double[Classes];

    /// <summary>Their mean.</summary>
    [State(AtLeast = 0)]
    public double[] BeforeMean { get; } = new double[Classes];

    /// <summary>Distances from it in this epoch.</summary>
    [State]
    public ClassDistances Across { get; } = new(Classes);

    /// <summary>Whether other workers' samples were added, among which this one's own may be: then nothing is known.</summary>
    [State(MergeRule.ByType)]
    public bool IsMixed { get; set; }

    /// <summary>The share, in [0, 1].</summary>
    public double Value
    {
        get
        {
            if (IsMixed)
                return 1;
            var (across, within, mean) = (0.0, 0.0, 0.0);
            for (var c = 0; c < Classes; c++)
                if (Before[c] is not null && Across.Count[c] > 1)
                {
                    across += Across.Gap(c);
                    within += BeforeGap[c];
                    mean += BeforeMean[c];
                }

            if (!(mean > within))
                return 1;
            var share = Math.Sqrt(Math.Clamp((across - within) / (mean - within), 0, 1));
            return share >= NearlyOne ? 1 : share;
        }
    }

    /// <summary>Takes a batch in.</summary>
    public void Add(FeatureRows features, LabelGroups groups)
    {
        for (var g = 0; g < groups.Classes.Length && groups.Classes[g] < Classes; g++)
        {
            var c = groups.Classes[g];
            var across = Before[c] is { } before && before.Length == features.Width && Across.Count[c] < FewSamples ? before : null;
            var within = Within.Count[c] < FewSamples;
            foreach (var row in across is null && !within ? [] : groups.Rows(g))
            {
                if (across is not null && StoredRow.SquaredDistance(features, row, across) is var distance && double.IsFinite(distance))
                    Across.Add(c, distance);
                if (!within)
                    continue;
                if (Stored[c] is not { } stored || stored.Length != features.Width)
                    Stored[c] = StoredRow.Of(features, row);
                else if (StoredRow.SquaredDistance(features, row, stored) is var own && double.IsFinite(own))
                    Within.Add(c, own);
            }
        }
    }

    /// <summary>The epoch is over.</summary>
    /// <param name="statistics">Its statistics; null where it had none.</param>
    public void EndEpoch(ClassStatistics? statistics)
    {
        for (var c = 0; c < Classes; c++)
        {
            var few = !IsMixed && statistics is not null && statistics.Count(c) <= FewSamples && Within.Count[c] > 0;
            Before[c] = few ? Stored[c] : null;
            (BeforeGap[c], BeforeMean[c]) = few ? (Within.Gap(c), Within.Mean(c)) : default;
            Stored[c] = null;
        }

        Within.Clear();
        Across.Clear();
        IsMixed = false;
    }

    void IMergeableState.MergeParts(object other) => IsMixed = true;
}
