using Variant = (string Name, System.Collections.Generic.IReadOnlyList<EtfNet.Samples.FinishedRun> Runs);

namespace EtfNet.Samples;

/// <summary>The finished runs of an experiment, in its order, and what they show.</summary>
/// <param name="Experiment">Which.</param>
/// <param name="Request">How much of it was asked for.</param>
/// <param name="Finished">Its finished runs.</param>
/// <param name="Missing">How many are missing.</param>
internal sealed record RunSet(Experiment Experiment, Request Request, IReadOnlyList<FinishedRun> Finished, int Missing)
{
    private const int PanelsPerPicture = 3;

    /// <summary>The baseline of the same seed, and of the same first part of the name.</summary>
    public FinishedRun? BaselineOf(FinishedRun run) => new[] { Parts(run.Run.Variant).Group, "" }
        .Select(group => Finished.Where(other => other.Run.Variant == $"{group}baseline").ToList()).FirstOrDefault(some => some.Count > 0)
        ?.Find(baseline => baseline.Run.Seed == run.Run.Seed);

    /// <summary>Its test accuracy; null where it is not finished.</summary>
    public double? BaselineTest(FinishedRun run) => BaselineOf(run)?.Last.TestAccuracy;

    /// <summary>The train accuracy when the first fix was decided. An epoch's accuracies are measured behind its fixes, so it is that of
    /// another run on the same data, which is the same network until one fires; where none fired later, that of the epoch before.</summary>
    public double? TrainAccuracyAtFirstFix(FinishedRun run)
    {
        if (run.FirstFix is not { } first || first < 2)
            return null;
        var later = Finished.FirstOrDefault(other => other.Run.Seed == run.Run.Seed && other.Run.Run.Data == run.Run.Run.Data
            && other.Epochs.Count >= first && (other.FirstFix ?? int.MaxValue) > first);
        return later is null ? run.Epochs[first - 2].TrainAccuracy : later.Epochs[first - 1].TrainAccuracy;
    }

    /// <summary>A table as Markdown: a row per variant, its seeds, mean and deviation of each column. A measure that no run has is left
    /// out.</summary>
    public string Table(TableTemplate table)
    {
        var layers = Finished[0].Last.Layers.Select(layer => new Column(layer.Name, "0.000", (_, _, epoch) => epoch.NccError(layer.Name)));
        var columns = table.Columns.SelectMany(name => name == "layers" ? layers : [Column.Find(Fill(name))])
            .Where(one => !one.Heading.Contains(':') || Finished.Any(run => one.Of(this, run, run.Last) is not null)).ToList();
        var rows = Variants(table.Runs, table.Not).Select(variant => (IReadOnlyList<string>)
        [
            variant.Name, string.Join(", ", variant.Runs.Select(run => run.Run.Seed)),
            .. columns.Select(column => column.Text(this, variant.Runs)),
        ]);
        var more = (table.Rows ?? []).Select(row => row.Concat(Enumerable.Repeat("", columns.Count + 2 - row.Count)).ToList());
        return Tables.Markdown(["run", "seeds", .. columns.Select(column => column.Heading)], rows.Concat(more));
    }

    /// <summary>The charts of a picture, side by side, and which variants they are of; of some kinds there are several pictures.</summary>
    public IReadOnlyList<(string Group, Chart[] Charts)> Charts(PictureTemplate picture)
    {
        var variants = Variants(picture.Runs, null);
        if (picture.Charts[0] == "ncc-error")
            return [.. variants.Chunk(PanelsPerPicture)
                .Select(some => ("", Chart.NccErrors(Curves(some), some[0].Runs[0].Run.Run.Etf.Epsilon)))];
        var groups = variants.Select(one => (Parts: picture.Each ? Parts(one.Name) : (Group: "", one.Name), one.Runs))
            .GroupBy(one => one.Parts.Group, one => (one.Parts.Name, one.Runs));
        return [.. groups.Select(group => (group.Key, picture.Charts.Select(chart =>
            chart == "accuracy" ? Chart.Accuracies(Curves(group)) : Over(Fill(chart), [.. group])).ToArray()))];
    }

    public string Fill(string text) => Experiment.Fill(text, Request.Profile);

    private static IEnumerable<(string Name, IReadOnlyList<EpochResult> Epochs)> Curves(IEnumerable<Variant> variants) =>
        variants.Select(variant => (variant.Name, variant.Runs[0].Epochs));

    private static (string Group, string Name) Parts(string variant) =>
        variant.Split(": ", 2) is [var group, var name] ? ($"{group}: ", name) : ("", variant);

    /// <summary>The variants whose names match, with their runs, seeds ascending.</summary>
    private List<Variant> Variants(IReadOnlyList<string>? patterns, IReadOnlyList<string>? not)
    {
        return [.. Finished.GroupBy(run => run.Run.Variant)
            .Where(group => Match(patterns ?? ["*"], group.Key) && !Match(not ?? [], group.Key))
            .Select(group => (group.Key, (IReadOnlyList<FinishedRun>)[.. group.OrderBy(run => run.Run.Seed)]))];

        bool Match(IReadOnlyList<string> some, string name) => some.Any(one => FileSystemName.MatchesSimpleExpression(Fill(one), name));
    }

    /// <summary>A column over epochs, seconds or layers of each variant's first run; or over a key, mean and deviation, a line per
    /// <see cref="ExperimentRun.Line"/>.</summary>
    private Chart Over(string text, IReadOnlyList<Variant> variants)
    {
        if (text.Split(" over ") is not [var name, var x])
            throw new SampleException($"'{text}' is no chart; give accuracy, ncc-error, or COLUMN over epochs, seconds, layers or a key.");
        if (x == "layers")
        {
            var layers = Finished[0].Last.Layers.Select(layer => layer.Name).ToList();
            return variants.Aggregate(new Chart("NCC error of each layer", "layer", "NCC error", xNames: layers), (chart, one) =>
                chart.Line(one.Name, layers.Select((layer, i) => ((double)i, one.Runs[0].Last.NccError(layer), 0.0))));
        }

        var column = Column.Find(name);
        if (x is "epochs" or "seconds")
            return variants.Aggregate(new Chart(column.Heading, x, column.Heading, wholeX: x == "epochs"), (chart, one) =>
                chart.Line(one.Name, one.Runs[0].Epochs.Select(epoch => (x == "epochs" ? epoch.Epoch : one.Runs[0].Seconds(epoch.Epoch),
                    column.Factor * column.Of(this, one.Runs[0], epoch), 0.0)).ToList()));
        var points = variants.Where(one => one.Runs[0].Run is { Line.Length: > 0 } run && run.Values.ContainsKey(x))
            .Select(one => (one.Runs[0].Run.Line, Place: one.Runs[0].Run.Values[x].Split('|')[0], Spread: column.Spread(this, one.Runs)))
            .ToList();
        var names = points.Select(point => point.Place).Distinct().ToList();
        var areNumbers = names.All(place => double.TryParse(place, out _));
        var baseline = variants.Where(one => one.Name == "baseline").Select(one => column.Factor * column.Spread(this, one.Runs).Mean);
        var over = new Chart(column.Heading, x, column.Heading, xNames: areNumbers ? null : names, wholeX: false);
        foreach (var line in points.GroupBy(point => point.Line))
            over.Line(line.Key, line.Select(point => (
                areNumbers ? double.Parse(point.Place) : names.IndexOf(point.Place),
                column.Factor * point.Spread.Mean, column.Factor * point.Spread.Deviation)));
        return over.Level(baseline.FirstOrDefault(), "baseline");
    }
}
