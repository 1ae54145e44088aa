namespace EtfNet;

/// <summary>Turns what is known of a layer into its entry of a report.</summary>
internal static class LayerReporter
{
    public static LayerCollapse Online(string name, IFeatureSource? source, LayerState state, HeadWeight? head, NccMonitorOptions options)
    {
        // Errors are of this epoch's features and the last one's means.
        var nothing = (state.Current is { Total: > 0 } current ? Degeneracy.OfFeatures(current) : null)
            ?? (state is { Scores.Scored: > 0, Previous: { Total: > 0 } centers } ? Degeneracy.Of(centers) : null);
        var entry = Describe(name, source, state.Current, head, options) with
        {
            NccError = nothing is null ? state.NccError : null,
            Interval = nothing is null && state.Scores.Scored > 0 ? Wilson.Interval(state.Wrong, state.Scores.Scored) : null,
            Samples = state.Scores.Scored,
            NonFinite = state.NonFinite,
            WithinRounding = state.Scores.WithinRounding,
            Nc4Mismatch = nothing is null && state.Scores.Compared > 0 ? (double)state.Scores.Differing / state.Scores.Compared : null,
            Reason = Reason(source, state, nothing),
        };
        return entry.Measures is not { } measures ? entry : entry with
        {
            Measures = measures with
            {
                NccError = entry.NccError,
                NccInterval = entry.Interval,
                Scored = entry.Samples,
                NonFinite = entry.NonFinite,
                Nc4Mismatch = entry.Nc4Mismatch,
            },
        };
    }

    /// <summary>The entry that follows from statistics and, in exact mode, from scores.</summary>
    public static LayerCollapse Describe(
        string name, IFeatureSource? source, ClassStatistics? statistics, HeadWeight? head, NccMonitorOptions options,
        NccScores? scores = null)
    {
        var entry = new LayerCollapse { Name = name, FeaturePoint = source?.Point ?? "given by hand" };
        if (statistics is null || statistics.Total == 0)
            return entry;

        entry = entry with { Observed = statistics.Total, Width = statistics.Width, PresentClasses = PointSet.Present(statistics).Length };
        if ((options.Metrics & ~CollapseMetricSet.Agreement) == 0 || Degeneracy.Of(statistics) is not null)
            return entry;
        var measures = LayerMeasures.Of(source?.Layer, statistics, head, options, scores);
        return entry with
        {
            Equinorm = measures.Means.Equinorm,
            Equiangularity = measures.Means.Equiangularity,
            GramDeviation = measures.Means.GramDeviation,
            Cdnv = measures.Cdnv,
            TraceQuotient = measures.TraceQuotient,
            SelfDuality = measures.Duality?.SelfDuality,
            Measures = measures,
        };
    }

    public static string LeftOut(long samples) => $"left out: {Words.Count(samples, "sample")} with NaN or infinite features";

    private static string? Reason(IFeatureSource? source, LayerState state, string? nothing)
    {
        if ((state.Problem ?? nothing) is { } problem)
            return problem;
        if (state.NonFinite > 0)
            return LeftOut(state.NonFinite);
        if (state.Current is null or { Total: 0 })
            return source?.Silence ?? "no labeled forward in this epoch";
        if (state.Scores.Scored > 0)
            return !state.IsOpen ? null
                : $"{state.Scores.WithinRounding} of {state.Scores.Scored} decisions are within the rounding of float32 distances: the "
                    + "error may be off by as much; Evaluate gives the exact error";
        return state.Lagged is null ? "the first epoch has no centers of an earlier epoch to score against"
            : state.Lagged.Width != state.Current.Width
                ? $"the width of its features changed from {state.Lagged.Width} to {state.Current.Width} since the last epoch: errors "
                    + "resume in the next epoch"
            : "no sample has been scored yet, or none within the range of float32 distances";
    }
}
