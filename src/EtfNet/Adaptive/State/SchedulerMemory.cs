namespace EtfNet;

/// <summary>What a scheduler remembers beside the model.</summary>
internal sealed class SchedulerMemory(WatchedLayers watched, InputSample inputs, NccMonitor monitor)
{
    /// <summary>The prefix of all names in its state.</summary>
    public const string Name = "scheduler";

    /// <summary>The number of epochs that have ended.</summary>
    [State(AtLeast = 0)]
    public int Epoch { get; set; }

    /// <summary>How the model was cut; null while it is whole.</summary>
    [State(Json = typeof(WatchedLayerJson))]
    public EtfCut? Cut { get; set; }

    /// <summary>Why the model is not cut again until that is allowed: its cut was reverted; null if it may be cut.</summary>
    [State(Json = typeof(WatchedLayerJson))]
    public TailDecision? CutHeld { get; set; }

    [State(AtLeast = 0)]
    private int ForwardsPerEpoch
    {
        get => inputs.ForwardsPerEpoch;
        set => inputs.ForwardsPerEpoch = value;
    }

    [State]
    private IReadOnlyDictionary<string, WatchedLayer> Layers => watched.Layers.ToDictionary(layer => layer.Name);

    [State]
    private NccMonitor Monitor { get; } = monitor;

    public void Capture(StateSet to) => StateDeclaration.Of(GetType()).Capture(this, to, Name);

    /// <summary>Checks what was saved; the changes wait in the reader.</summary>
    /// <exception cref="EtfStateException">It does not fit.</exception>
    public void Read(StateReader from) => StateDeclaration.Of(GetType()).Read(this, from, Name);
}
