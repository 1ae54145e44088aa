namespace EtfNet.Samples;

/// <summary>What a program trains on, in words and as tensors, and the networks that it trains, one after the other.</summary>
public sealed record TrainingTask(string Data, string Network, TensorSet Train, TensorSet Test, IReadOnlyList<TrainingRun> Runs) : IDisposable
{
    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }
}
