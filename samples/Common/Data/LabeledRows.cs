namespace EtfNet.Samples;

/// <summary>Rows of a file, with a label each.</summary>
/// <param name="Labels">The label of each row.</param>
/// <param name="Inputs">The rows (count, columns).</param>
/// <param name="Columns">The names of the columns; empty: they have none.</param>
internal sealed record LabeledRows(IReadOnlyList<string> Labels, Tensor Inputs, string Columns = "")
{
    private const int HeldOut = 5;

    /// <summary>Reads rows as data. Without a file to test with, every fifth row of a class is held out.</summary>
    /// <param name="path">The file to train on.</param>
    /// <param name="testPath">The file to test with.</param>
    /// <param name="read">Reads one.</param>
    /// <exception cref="SampleException">There are fewer than two classes, none to hold rows out of, or unknown ones; or the files have
    /// other columns.</exception>
    public static DataSet Load(string path, string? testPath, Func<Stream, string, LabeledRows> read)
    {
        var (train, test) = (Rows(path), testPath is null ? null : Rows(testPath));
        var classes = train.Labels.Distinct().OrderBy(label => int.TryParse(label, out var number) ? number : int.MaxValue)
            .ThenBy(label => label, StringComparer.Ordinal).ToList();
        if (classes.Count < 2)
            throw new SampleException($"{path}: every row is labeled {classes[0]}; there must be at least 2 classes.");
        var all = Set(train);
        if (test is not null)
            return test.Columns == train.Columns ? new DataSet(path, all, Set(test), classes)
                : throw new SampleException($"{testPath} has other columns than {path}: {test.Columns}.");
        var seen = new Dictionary<string, int>();
        var isHeld = tensor(train.Labels.Select(label => (seen[label] = seen.GetValueOrDefault(label) + 1) % HeldOut == 0).ToArray());
        return isHeld.any().item<bool>()
            ? new DataSet(path, all.At(isHeld.logical_not().nonzero().view(-1)), all.At(isHeld.nonzero().view(-1)), classes)
            : throw new SampleException(
                $"{path}: no class has {HeldOut} rows, to hold one out to test with; give more or --test FILE.");

        LabeledRows Rows(string file)
        {
            using var stream = new MemoryStream(Files.Read(file));
            return read(stream, file);
        }

        TensorSet Set(LabeledRows rows) => new(rows.Inputs, tensor(rows.Labels.Select(Index).ToArray()));

        long Index(string name) => classes.IndexOf(name) is >= 0 and var index ? index : throw new SampleException(
            $"{path}: the class {name} of a row to test with is not among those to train on.");
    }
}
