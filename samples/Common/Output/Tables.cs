namespace EtfNet.Samples;

/// <summary>Tables as text.</summary>
public static class Tables
{
    /// <summary>A table as Markdown, its columns aligned so that it reads well in a terminal too.</summary>
    /// <param name="headings">The headings; the first column is text, the others are numbers.</param>
    /// <param name="rows">The cells, as many per row as there are headings.</param>
    public static string Markdown(IReadOnlyList<string> headings, params IEnumerable<IReadOnlyList<string>> rows)
    {
        var lines = rows.Prepend(headings).Select(row => row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)).ToList())
            .ToList();
        var widths = headings.Select((_, i) => Math.Max(3, lines.Max(line => line[i].Length))).ToList();
        lines.Insert(1, [.. widths.Select((width, i) => i == 0 ? new string('-', width) : new string('-', width - 1) + ":")]);
        return string.Concat(lines.Select(line =>
            $"| {string.Join(" | ", line.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])))} |\n"));
    }

    /// <summary>A line per epoch of each run, with the NCC error of each layer, as comma-separated values.</summary>
    public static string History(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        var layers = runs.SelectMany(run => run.Epochs[^1].Layers.Select(layer => layer.Name)).Distinct().ToList();
        return Csv(runs.SelectMany(run => run.Epochs.Select(epoch => (IEnumerable<(string, object?)>)
        [
            ("run", run.Name), ("epoch", epoch.Epoch), ("loss", epoch.Loss), ("learningRate", epoch.LearningRate),
            ("trainAccuracy", epoch.TrainAccuracy), ("testAccuracy", epoch.TestAccuracy), ("seconds", epoch.Seconds),
            ("monitoringSeconds", epoch.MonitoringSeconds), ("trainableParameters", epoch.Footprint.TrainableParameters),
            ("fixedLayers", string.Join(' ', epoch.Fixed.Select(layer => layer.Layer))),
            .. layers.Select(layer => ($"nccError:{layer}", (object?)epoch.NccError(layer))),
        ])).ToList());
    }

    /// <summary>Comma-separated values, at least one row, below the headings of their columns; numbers have six decimals.</summary>
    public static string Csv(IReadOnlyList<IEnumerable<(string Heading, object? Value)>> rows) =>
        string.Concat(rows.Select(row => row.Select(cell => cell.Value)).Prepend(rows[0].Select(cell => cell.Heading))
            .Select(row => string.Join(',', row.Select(value => $"{(value is double number ? Math.Round(number, 6) : value)}")
                .Select(text => text.Contains(',') ? $"\"{text}\"" : text)) + "\n"));
}
