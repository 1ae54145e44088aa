namespace EtfNet.Samples;

/// <summary>What a program that compares networks writes, and where.</summary>
public sealed record ProgramOptions
{
    [Is("folder for summary.json, history.csv and pictures; by default a new one under out")] public string? Out { get; init; }

    [Is("no progress, only the table")] public bool Quiet { get; init; }

    [Is("lists the options")] public bool Help { get; init; }
}
