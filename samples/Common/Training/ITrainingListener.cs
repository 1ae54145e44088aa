namespace EtfNet.Samples;

/// <summary>Is told what a run does, on the thread that trains.</summary>
public interface ITrainingListener
{
    /// <summary>A batch of <paramref name="epoch"/> (from 1) was trained on; <paramref name="done"/> of <paramref name="total"/> batches are.</summary>
    void BatchEnded(int epoch, int done, int total)
    {
    }

    void EpochEnded(EpochResult result);
}
