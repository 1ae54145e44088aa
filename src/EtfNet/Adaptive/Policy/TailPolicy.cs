namespace EtfNet;

/// <summary>What becomes of the layers behind the depth that a network needs.</summary>
public enum TailPolicy
{
    /// <summary>They stay. The default.</summary>
    Keep,

    /// <summary>
    /// They go as soon as a trial says that a head fitted in closed form to an earlier layer does as well; the head takes over and is
    /// trained.
    /// </summary>
    Cut,
}
