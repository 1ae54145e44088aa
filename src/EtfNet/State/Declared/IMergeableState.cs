namespace EtfNet;

/// <summary>A declared state some parts of which, those of <see cref="MergeRule.ByType"/>, merge together.</summary>
internal interface IMergeableState
{
    /// <summary>Adds another state of the same type; all that must be equal is.</summary>
    void MergeParts(object other);
}
