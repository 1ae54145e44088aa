namespace EtfNet;

/// <summary>Says why labels belong to no forward.</summary>
internal static class LabelMismatch
{
    /// <summary>Checks that labels are of the kind that they have been so far.</summary>
    /// <exception cref="ArgumentException">They are one per position, where they were one per sample.</exception>
    public static void RequireKind(LabelForm labels, LabelKind kind, IReadOnlyList<Forward> waiting)
    {
        if (kind == LabelKind.PerSample && labels.ArePerPosition)
            throw new ArgumentException(
                $"The labels have shape ({string.Join(", ", labels.Given)}); wanted one per sample, ({waiting[^1].Samples}), as the "
                + $"pooling or the labels so far say. For one label per position set Pooling to EachPosition. {Advice(labels)}".TrimEnd(),
                nameof(labels));
    }

    /// <summary>The error for labels that are as many as no waiting forward's samples or positions.</summary>
    public static ArgumentException Of(IReadOnlyList<Forward> waiting, LabelForm labels, LabelKind kind, string note)
    {
        var last = waiting[^1];
        var what = labels.ArePerPosition ? $"Labels of shape ({string.Join(", ", labels.Given)})" : Words.Count(labels.Count, "label");
        var came = waiting.Count == 1
            ? $"{what} came for a forward of {Sizes(last.Samples, last.Positions, kind)}."
            : $"{what} came; the last forward had {Sizes(last.Samples, last.Positions, kind)} and the {waiting.Count} that wait have "
                + $"{Sizes(waiting.Sum(forward => forward.Samples), waiting.Sum(forward => forward.Positions), kind)} together.";
        var advice = labels.ArePerPosition ? " Wanted: one class index per sample, or one per position. " + Advice(labels) : "";
        return new ArgumentException($"{came}{advice}{note}".TrimEnd(), nameof(labels));
    }

    /// <summary>So many samples or positions, in words.</summary>
    public static string Unit(LabelKind kind, long count) => Words.Count(count, kind == LabelKind.PerPosition ? "position" : "sample");

    private static string Advice(LabelForm labels)
    {
        using var given = labels.Flat.reshape(labels.Given);
        return LabelReader.Advice(given);
    }

    private static string Sizes(long samples, long positions, LabelKind kind) =>
        kind == LabelKind.PerPosition ? Words.Count(positions, "position")
        : positions == samples || kind == LabelKind.PerSample ? Words.Count(samples, "sample")
        : $"{Words.Count(samples, "sample")} and {Words.Count(positions, "position")}";
}
