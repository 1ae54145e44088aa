namespace EtfNet;

/// <summary>The forwards that wait for their labels, oldest first, bounded by the bytes that they hold.</summary>
/// <param name="maxBytes">Above so many the oldest are let go.</param>
/// <param name="letGo">Called for each forward that goes without labels, and whether one with the same inputs got them.</param>
internal sealed class WaitingForwards(long maxBytes, Action<Forward, bool> letGo)
{
    private readonly List<Forward> _forwards = [];
    private long _bytes;
    private int _letGoForSpace;

    public IReadOnlyList<Forward> All => _forwards;

    /// <summary>Forwards whose labels never came.</summary>
    public long Unlabeled { get; set; }

    public void Add(Forward forward)
    {
        _forwards.Add(forward);
        WeighLast();
        while (_bytes > maxBytes && _forwards.Count > 1)
        {
            LetGo(_forwards[0], []);
            _letGoForSpace++;
        }
    }

    /// <summary>Counts what the youngest holds by now.</summary>
    public void WeighLast()
    {
        if (_forwards.Count == 0)
            return;
        var forward = _forwards[^1];
        _bytes += forward.Bytes - forward.WaitingBytes;
        forward.WaitingBytes = forward.Bytes;
    }

    /// <summary>Takes out a forward that gets its labels.</summary>
    public void Remove(Forward forward)
    {
        _forwards.Remove(forward);
        _bytes -= forward.WaitingBytes;
    }

    /// <summary>Lets go of all.</summary>
    public void LetGo() => LetGo(_ => true, []);

    /// <summary>Lets go of some.</summary>
    /// <param name="which">Whether a forward goes.</param>
    /// <param name="taken">The forwards that got labels: others with the same inputs do not count as unlabeled.</param>
    public void LetGo(Predicate<Forward> which, List<Forward> taken)
    {
        foreach (var forward in _forwards.FindAll(which))
            LetGo(forward, taken);
    }

    /// <summary>What messages about missing forwards say of those that went for space.</summary>
    public string SpaceNote() => _letGoForSpace == 0 ? ""
        : $" {Words.Count(_letGoForSpace, "forward")} before them {(_letGoForSpace == 1 ? "was" : "were")} discarded, because more than "
            + $"MaxPendingBytes = {maxBytes} bytes waited: raise it.";

    /// <summary>What went for space is no longer worth a note.</summary>
    public void ForgetSpace() => _letGoForSpace = 0;

    private void LetGo(Forward forward, List<Forward> taken)
    {
        var isDuplicate = taken.Exists(other => LabelMatching.AreTheSame(other, forward));
        if (!isDuplicate && forward.Features.Count > 0)
            Unlabeled++;
        Remove(forward);
        letGo(forward, isDuplicate);
        forward.Dispose();
    }
}
