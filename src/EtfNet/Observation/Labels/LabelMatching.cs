namespace EtfNet;

/// <summary>Finds the forwards that labels belong to. Changes nothing.</summary>
internal static class LabelMatching
{
    private const string WaysOut =
        "Name the forward by its output, Observe(labels, output); or label all of them together, Observe(cat([labels, labels])) for two "
        + "views of one batch; or exclude forwards that have no labels with Suspend().";

    /// <summary>The forwards, in their order, with the kind of the labels.</summary>
    /// <param name="waiting">The forwards that wait, oldest first; at least one.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="kind">What labels have been so far.</param>
    /// <param name="note">What else a message about lengths must say.</param>
    /// <exception cref="ArgumentException">
    /// No forward, or no sequence of forwards, has that many samples or positions; or several have, with different inputs.
    /// </exception>
    public static (LabelKind Kind, IReadOnlyList<LabeledForward> Forwards) Find(
        IReadOnlyList<Forward> waiting, LabelForm labels, LabelKind kind, string note)
    {
        LabelMismatch.RequireKind(labels, kind, waiting);
        // A loop that opens a scope for each step shows which forwards belong to this step. Only among those can several forwards of one
        // length be ambiguous.
        var recent = waiting.Where(forward => !forward.Scopes.EndedBefore(waiting[^1].Scopes)).ToList();
        foreach (var candidates in recent.Count < waiting.Count ? [recent, waiting] : new[] { waiting })
            foreach (var tried in Kinds(labels, kind))
                if (Fit(candidates, labels, tried) is { } found)
                    return (tried, found);
        throw LabelMismatch.Of(waiting, labels, kind, note);
    }

    /// <summary>The one forward that returned a tensor.</summary>
    /// <exception cref="ArgumentException">It has another number of samples and positions.</exception>
    public static (LabelKind Kind, IReadOnlyList<LabeledForward> Forwards) Named(Forward forward, LabelForm labels, LabelKind kind)
    {
        LabelMismatch.RequireKind(labels, kind, [forward]);
        foreach (var tried in Kinds(labels, kind))
            if (forward.Count(tried) == labels.Count)
                return (tried, [new LabeledForward(forward, 0, (int)labels.Count)]);
        throw LabelMismatch.Of([forward], labels, kind, "");
    }

    /// <summary>Whether two forwards had the very same inputs, as the two of sharpness-aware training do.</summary>
    public static bool AreTheSame(Forward one, Forward other) =>
        ReferenceEquals(one, other) || (one.Inputs is { } inputs && other.Inputs is { } others && inputs.IsSameAs(others));

    private static LabelKind[] Kinds(LabelForm labels, LabelKind kind) =>
        kind != LabelKind.Unknown ? [kind] : labels.ArePerPosition ? [LabelKind.PerPosition] : [LabelKind.PerSample, LabelKind.PerPosition];

    private static List<LabeledForward>? Fit(IReadOnlyList<Forward> waiting, LabelForm labels, LabelKind kind)
    {
        var count = labels.Count;
        var distinct = Distinct(waiting);
        var fitting = distinct.Where(forward => forward.Count(kind) == count).ToList();
        if (fitting.Count > 1)
            throw new ArgumentException(
                $"{Words.Count(count, "label")} came, and {fitting.Count} forwards of different inputs and "
                + $"{LabelMismatch.Unit(kind, count)} each wait for them: it is ambiguous which one they belong to. {WaysOut}",
                nameof(labels));
        return fitting.Count == 1 ? [new LabeledForward(fitting[0], 0, (int)count)]
            : waiting.Sum(forward => forward.Count(kind)) == count ? InOrder(waiting, kind)
            : distinct.Sum(forward => forward.Count(kind)) == count ? InOrder(distinct, kind)
            : null;
    }

    private static List<Forward> Distinct(IReadOnlyList<Forward> waiting)
    {
        if (waiting.Count == 1)
            return [waiting[0]];
        var distinct = new List<Forward>();
        // Inputs are compared only where there are as many samples: what differs in shape differs.
        var bySamples = new Dictionary<long, List<Forward>>();
        foreach (var forward in waiting)
        {
            var alike = bySamples.TryGetValue(forward.Samples, out var known) ? known : bySamples[forward.Samples] = [];
            if (alike.Exists(other => AreTheSame(other, forward)))
                continue;
            alike.Add(forward);
            distinct.Add(forward);
        }

        return distinct;
    }

    private static List<LabeledForward> InOrder(IReadOnlyList<Forward> forwards, LabelKind kind)
    {
        var start = 0;
        var found = new List<LabeledForward>();
        foreach (var forward in forwards)
        {
            var count = (int)forward.Count(kind);
            found.Add(new LabeledForward(forward, start, count));
            start += count;
        }

        return found;
    }
}
