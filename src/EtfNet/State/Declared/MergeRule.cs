namespace EtfNet;

/// <summary>What becomes of a part of a state when another state of the same type is added to it.</summary>
internal enum MergeRule
{
    /// <summary>It stays: configuration, and what belongs to one process.</summary>
    Keep,

    /// <summary>It must be equal in both: a width, an option.</summary>
    Same,

    /// <summary>Both are added, arrays and tensors element by element.</summary>
    Sum,

    /// <summary>The larger one.</summary>
    Max,

    /// <summary>Its own, or the other's where it has none.</summary>
    First,

    /// <summary>A nested state merges by its own declaration; collections of them key by key, and keys that only the other has are
    /// added.</summary>
    Each,

    /// <summary>The type merges it together with other parts: see <see cref="IMergeableState"/>.</summary>
    ByType,
}
