namespace EtfNet.Samples;

/// <summary>What a transformer sample without options uses.</summary>
public sealed record TransformerDefaults(string Out, TrainingRecipe Recipe)
{
    /// <summary>Gets whether the data are images.</summary>
    public bool AreImages { get; init; }

    public int Width { get; init; } = 64;

    public int Heads { get; init; } = 4;

    public int Blocks { get; init; } = 3;

    public double Ratio { get; init; } = 4;

    public double Dropout { get; init; }

    public double Epsilon { get; init; } = 0.3;

    /// <summary>Gets the epochs in which the adaptive run fixes nothing.</summary>
    public int LearnEpochs { get; init; } = 3;

    public string FixFrame { get; init; } = "nearest";

    public int Rank { get; init; } = 20;

    public double MaxOutputError { get; init; } = 0.7;
}
