namespace EtfNet.Samples;

/// <summary>Everything that decides what comes out of a run, but the machine. It is written into the run's file, whose result is taken only for equal settings.</summary>
/// <remarks>What is null is left out of the file: a setting that is added later, null by default, leaves old files as good as they were.</remarks>
internal sealed record RunSettings
{
    public required DataSettings Data { get; init; }

    public required NetworkSettings Network { get; init; }

    public required TrainingRecipe Recipe { get; init; }

    public required MethodSettings Method { get; init; }

    /// <summary>Gets whether the class means are measured after each epoch.</summary>
    public bool? Geometry { get; init; }
}
