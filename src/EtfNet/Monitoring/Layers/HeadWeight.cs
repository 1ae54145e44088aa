namespace EtfNet;

/// <summary>What the weight of a classifier is compared with.</summary>
/// <param name="input">The statistics of the features that go into it.</param>
/// <param name="outputs">How many outputs it has.</param>
internal sealed class HeadWeight(ClassStatistics input, long outputs)
{
    public ClassStatistics Input { get; } = input;

    public long Outputs { get; } = outputs;
}
