namespace EtfNet;

/// <summary>How many samples of each class one pass over the data gave.</summary>
internal sealed class ClassCounts
{
    private readonly Dictionary<int, long> _counts = [];

    public long this[int c] => _counts.GetValueOrDefault(c);

    /// <summary>The samples of the most frequent class; there must be one.</summary>
    public long Most => _counts.Values.Max();

    public void Add(LabelGroups groups)
    {
        for (var g = 0; g < groups.Classes.Length; g++)
            _counts[groups.Classes[g]] = this[groups.Classes[g]] + groups.Rows(g).Length;
    }

    /// <summary>Checks, within a second pass, that a batch has no class that the first pass did not have.</summary>
    /// <exception cref="InvalidOperationException">It has.</exception>
    public void RequireKnown(LabelGroups groups, ClassCounts first)
    {
        if (groups.Classes.FirstOrDefault(c => !first._counts.ContainsKey(c), -1) is var c and >= 0)
            throw OtherSamples(c, 0, this[c]);
    }

    /// <summary>Checks, after a second pass, that it had the same counts as the first.</summary>
    /// <exception cref="InvalidOperationException">It had others.</exception>
    public void RequireSame(ClassCounts first)
    {
        foreach (var c in first._counts.Keys.Union(_counts.Keys).Order())
            if (first[c] != this[c])
                throw OtherSamples(c, first[c], this[c]);
    }

    private static InvalidOperationException OtherSamples(int c, long before, long after) => new(
        $"Class {c} had {Words.Count(before, "sample")} in the first pass and {after} in the second: the batches must give the same "
        + "samples whenever they are enumerated.");
}
