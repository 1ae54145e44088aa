namespace EtfNet;

/// <summary>What happens to the layers past the depth that a network needs.</summary>
public enum TailPolicy
{
    /// <summary>The layers stay. The default.</summary>
    Keep,

    /// <summary>
    /// The layers are cut off as soon as a trial shows that a head fitted in closed form to an earlier layer does as well. The head
    /// replaces them and is trained further.
    /// </summary>
    Cut,
}
