namespace EtfNet.Samples;

/// <summary>Samples to train on and to test with.</summary>
/// <param name="Description">Where they came from, in words.</param>
/// <param name="Train">The training set.</param>
/// <param name="Test">The test set.</param>
/// <param name="Classes">The names of the classes; a label is a place among them.</param>
public sealed record DataSet(string Description, TensorSet Train, TensorSet Test, IReadOnlyList<string> Classes) : IDisposable
{
    /// <summary>Which samples are drawn where not all are taken: the same ones for all seeds.</summary>
    private const int DrawSeed = 1;

    /// <summary>Loads data, standardized: <c>embedded</c> or <c>full</c> (Fashion-MNIST), <c>languages</c>, a folder, a file.</summary>
    /// <exception cref="SampleException">There is no such data, or a file is damaged.</exception>
    public static DataSet Load(string data) => Load(new DataOptions { Data = data });

    /// <param name="options">Which data, and how much of them.</param>
    /// <param name="seed">Draws random labels.</param>
    /// <param name="device">Where to put them; by default the CPU.</param>
    /// <exception cref="SampleException">There is no such data, or a file is damaged.</exception>
    public static DataSet Load(DataOptions options, long seed = 0, Device? device = null)
    {
        using var scope = NewDisposeScope();
        var data = Read(options);
        var (train, test) = data.Train.Inputs.is_floating_point() ? Standardized(data.Train, data.Test) : (data.Train, data.Test);
        train = options.TrainSamples is { } most ? train.Draw(most, DrawSeed) : train;
        test = options.TestSamples is { } mostTests ? test.Draw(mostTests, DrawSeed) : test;
        train = options.LabelNoise > 0 ? train.WithRandomLabels(options.LabelNoise, data.Classes.Count, seed) : train;
        return data with { Train = Kept(train), Test = Kept(test) };

        TensorSet Kept(TensorSet set) => new(Moved(set.Inputs), Moved(set.Labels));

        Tensor Moved(Tensor values) => values.to(device ?? CPU).MoveToOuterDisposeScope();
    }

    public override string ToString() =>
        $"{Description}: {Train.Count:N0} training, {Test.Count:N0} test samples, {Classes.Count} classes";

    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }

    private static DataSet Read(DataOptions options)
    {
        return options.Data switch
        {
            "embedded" => FashionMnist.Embedded(),
            "full" => FashionMnist.Full(),
            "languages" => Languages() with { Description = "Universal Declaration of Human Rights" },
            var file when Files.ExtensionOf(file) == ".csv" => LabeledRows.Load(file, options.Test, Table),
            var file when Files.ExtensionOf(file) is ".tsv" or ".txt" => LabeledRows.Load(file, options.Test, Texts),
            var folder when Has(folder, CifarImages.FirstFile10) || Has(folder, CifarImages.FirstFile100) =>
                CifarImages.FromFolder(folder),
            var folder when Has(folder, FashionMnist.FirstFile) => FashionMnist.FromFolder("images", folder),
            var other => throw new SampleException($"--data {other}: no such folder, or none with {FashionMnist.FirstFile}, "
                + $"{CifarImages.FirstFile10} or {CifarImages.FirstFile100}; "
                + "give embedded, full, languages, a folder, a .csv or a .tsv file."),
        };

        DataSet Languages() => LabeledRows.Load(Files.Own("udhr/train.tsv.gz"), Files.Own("udhr/test.tsv.gz"), Texts);

        LabeledRows Table(Stream stream, string name) => CsvTable.Read(stream, name, options.Label);

        LabeledRows Texts(Stream stream, string name) => LabeledTexts.Read(stream, name, options.Length);

        static bool Has(string folder, string file) => File.Exists(Path.Combine(folder, file));
    }

    /// <summary>Takes the mean and the deviation of each channel or column in the training set out of both sets.</summary>
    private static (TensorSet Train, TensorSet Test) Standardized(TensorSet train, TensorSet test)
    {
        long[] over = train.Inputs.dim() == 4 ? [0, 2, 3] : [0];
        var (mean, deviation) = (train.Inputs.mean(over, keepdim: true), train.Inputs.std(over, unbiased: false, keepdim: true));
        // A column that never changes says nothing: it becomes 0.
        deviation = where(deviation.eq(0), 1, deviation);
        return (Of(train), Of(test));

        TensorSet Of(TensorSet set) => new((set.Inputs - mean) / deviation, set.Labels);
    }
}
