namespace EtfNet.Samples;

/// <summary>Keeps a run's state between epochs, so that a run that was stopped goes on where it was and ends as if it had not been.</summary>
public interface ITrainingMemory
{
    /// <summary>Gets the epochs whose state it has; 0: the run begins at the first.</summary>
    int FinishedEpochs { get; }

    /// <summary>Brings a freshly made model, its optimizer and its watch to where those epochs left them.</summary>
    void Restore(LayerWatch watch);

    /// <summary>May keep the state after an epoch; the listener has heard of the epoch already.</summary>
    void Save(int epoch, LayerWatch watch);
}
