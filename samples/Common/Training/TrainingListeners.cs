namespace EtfNet.Samples;

/// <summary>Several listeners as one, told in their order.</summary>
public sealed class TrainingListeners(params ITrainingListener[] listeners) : ITrainingListener
{
    public void BatchEnded(int epoch, int done, int total)
    {
        foreach (var listener in listeners)
            listener.BatchEnded(epoch, done, total);
    }

    public void EpochEnded(EpochResult result)
    {
        foreach (var listener in listeners)
            listener.EpochEnded(result);
    }
}
