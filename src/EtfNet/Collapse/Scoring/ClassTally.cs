namespace EtfNet;

/// <summary>
/// Decisions counted by class. Wrong ones are few and are kept by pair, so that memory does not grow with the square of the classes.
/// </summary>
internal sealed class ClassTally
{
    private readonly Dictionary<(int Label, int Center), long> _confusions = [];
    private long[] _samples = [];
    private long[] _wrong = [];
    private int _count;

    public ClassErrors Snapshot() =>
        new(_samples[.._count], _wrong[.._count],
            _confusions.Select(entry => new CenterConfusion(entry.Key.Label, entry.Key.Center, entry.Value)));

    /// <summary>Counts a decision.</summary>
    /// <param name="label">The sample's class.</param>
    /// <param name="right">Whether its own center was nearest.</param>
    /// <param name="center">The class whose center was; -1 for none.</param>
    public void Add(int label, bool right, int center)
    {
        Grow(label + 1);
        _samples[label]++;
        if (right)
            return;
        _wrong[label]++;
        _confusions[(label, center)] = _confusions.GetValueOrDefault((label, center)) + 1;
    }

    public void Merge(ClassTally other)
    {
        Grow(other._count);
        for (var c = 0; c < other._count; c++)
        {
            _samples[c] += other._samples[c];
            _wrong[c] += other._wrong[c];
        }

        foreach (var (pair, count) in other._confusions)
            _confusions[pair] = _confusions.GetValueOrDefault(pair) + count;
    }

    private void Grow(int count)
    {
        if (count > _samples.Length)
        {
            Array.Resize(ref _samples, Math.Max(count, 2 * _samples.Length));
            Array.Resize(ref _wrong, _samples.Length);
        }

        _count = Math.Max(_count, count);
    }
}
