namespace EtfNet;

/// <summary>What the weight of a classifier is compared with.</summary>
/// <param name="Input">The statistics of the features that go into it.</param>
/// <param name="Outputs">How many outputs it has.</param>
internal sealed record HeadWeight(ClassStatistics Input, long Outputs);
