namespace EtfNet;

/// <summary>What a rank tells another outside of the calls.</summary>
internal enum RankMessageKind : byte
{
    /// <summary>Are you in a call?</summary>
    Ask,

    /// <summary>I am.</summary>
    Here,

    /// <summary>The group is broken, for this reason.</summary>
    Failed,

    /// <summary>I make no more calls.</summary>
    Left,
}
