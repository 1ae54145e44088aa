using TorchSharp.Modules;

namespace EtfNet;

/// <summary>What the scheduler remembers of a linear layer over the epochs.</summary>
internal sealed class WatchedLayer(string name, Linear layer)
{
    public string Name { get; } = name;

    /// <summary>The linear layer; for a replaced one, what is left of it.</summary>
    public Linear Layer { get; set; } = layer;

    /// <summary>How many epochs in a row the error has been at or below epsilon.</summary>
    public int Streak { get; set; }

    /// <summary>How often a switch was tried and refused.</summary>
    public int Refusals { get; set; }

    /// <summary>Why the last try was refused; null where there was none.</summary>
    public LayerDecision? Refusal { get; set; }

    /// <summary>The epoch from which a refused switch is tried again.</summary>
    public int RetryAt { get; set; }

    /// <summary>Why it is not to be fixed, whatever its error; null where it may be.</summary>
    public LayerDecision? Excluded { get; set; }

    /// <summary>How it was fixed; null while it is trained.</summary>
    public LayerFix? Fix { get; set; }

    /// <summary>The report's entry of the fix; null while it is trained.</summary>
    public FixedLayer? Record { get; set; }

    /// <summary>Remembers a refusal: the next try comes later each time, as each costs some forwards.</summary>
    public void Refuse(int epoch, LayerDecision reason)
    {
        Refusal = reason;
        Refusals++;
        RetryAt = epoch + Math.Min(1 << Math.Min(Refusals, 3), 8);
    }
}
