namespace EtfNet.Samples;

/// <summary>Rows of numbers with a class each, a whole number or a name, in a CSV file: a heading line, commas between columns, quotes
/// where needed.</summary>
public static class CsvTable
{
    /// <summary>How many columns a message names.</summary>
    private const int MostNamed = 8;

    private static readonly Regex s_cell = new(""",(?:"((?:[^"]|"")*)"|([^,]*))""");

    /// <summary>Reads a table.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="label">The column that names the class; null for the last.</param>
    /// <exception cref="SampleException">A column is missing, a cell is no number, a label is no class, or there is no row.</exception>
    internal static LabeledRows Read(Stream stream, string name, string? label = null)
    {
        using var reader = new StreamReader(stream);
        var (heading, values, labels) = (Split(reader.ReadLine() ?? ""), new List<float>(), new List<string>());
        var labelAt = label is null ? heading.Count - 1 : heading.IndexOf(label);
        if (labelAt < 0 || heading.Count < 2)
            throw new SampleException($"{name}: there is no column {label ?? "of numbers"}{Settings.DidYouMean(label ?? "", heading)}; "
                + $"the heading has {heading.Count} columns: {string.Join(", ", heading.Take(MostNamed))}"
                + (heading.Count > MostNamed ? ", ..." : "."));
        for (var line = 2; reader.ReadLine() is { } text; line++)
        {
            var cells = text.Length == 0 ? [] : Split(text);
            if (cells.Count != heading.Count && text.Length > 0)
                throw new SampleException($"{name}, line {line}: {cells.Count} columns, but the heading has {heading.Count}.");
            foreach (var (i, cell) in cells.Index())
            {
                var isNumber = float.TryParse(cell, NumberStyles.Float, null, out var value) && float.IsFinite(value);
                if (i == labelAt ? cell.Length == 0 || (isNumber && !int.TryParse(cell, out _)) : !isNumber)
                    throw new SampleException($"{name}, line {line}, column {heading[i]}: '{cell}' is no " + (i == labelAt
                        ? "class; give whole numbers or names, or another column by --label." : "number; put one in, or leave it out."));
                if (i == labelAt)
                    labels.Add(cell);
                else
                    values.Add(value);
            }
        }

        if (labels.Count == 0)
            throw new SampleException($"{name} has no row below its heading.");
        heading.RemoveAt(labelAt);
        return new LabeledRows(labels, tensor(values.ToArray(), [labels.Count, heading.Count]), string.Join(", ", heading));
    }

    /// <summary>Writes an example of a table: the embedded images as gray values of 7 x 7 squares, with the names of classes.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="SampleException">It cannot be written; there is no half file.</exception>
    public static string WriteExample(OutputFolder folder, string name)
    {
        using var scope = NewDisposeScope();
        var images = FashionMnist.Embedded();
        var squares = nn.functional.avg_pool2d(images.Train.Inputs, 4).flatten(1).round();
        var heading = Enumerable.Range(0, (int)squares.shape[1]).Select(i => $"row{i / 7}column{i % 7}").Append("class");
        var rows = squares.data<float>().ToArray().Chunk((int)squares.shape[1])
            .Zip(images.Train.Labels.data<long>().ToArray(), (row, label) => $"{string.Join(',', row)},{images.Classes[(int)label]}");
        folder.Write(name, string.Join('\n', rows.Prepend(string.Join(',', heading))) + '\n');
        return folder.File(name);
    }

    private static List<string> Split(string line) => [.. s_cell.Matches("," + line)
        .Select(cell => cell.Groups[1].Success ? cell.Groups[1].Value.Replace("\"\"", "\"") : cell.Groups[2].Value.Trim())];
}
