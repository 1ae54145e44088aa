namespace EtfNet.Samples;

/// <summary>What a network is trained on and tested with.</summary>
public sealed record DataOptions
{
    [Is("embedded or full (Fashion-MNIST), languages, a folder (Fashion-MNIST, CIFAR), a .csv table or .tsv of label<TAB>text (or .gz)")]
    public string Data { get; init; } = "embedded";

    [Is("the column of a table that names the class; by default the last")] public string? Label { get; init; }

    [Is("a table or texts to test with; by default every fifth row of a class is held out")] public string? Test { get; init; }

    [Is("bytes of a text that are read")] public int Length { get; init => field = Check.AtLeast(4, value); } = 64;

    [Is("training samples to draw; by default all")] public int? TrainSamples { get; init => field = Check.AtLeast(2, value); }

    [Is("test samples to draw; by default all")] public int? TestSamples { get; init => field = Check.AtLeast(1, value); }

    [Is("chance of a training label to be random")]
    public double LabelNoise { get; init => field = Check.That(value, value is >= 0 and <= 1, "must lie in [0, 1]"); }
}
