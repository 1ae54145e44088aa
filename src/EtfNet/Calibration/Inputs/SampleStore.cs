using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Batches with the least numbers, as many as hold the wanted rows.</summary>
/// <param name="maxRows">How many rows to keep at least, where there are so many.</param>
internal sealed class SampleStore(int maxRows)
{
    private const long MaxBytes = 64L << 20;
    private const long MaxWaitingBytes = 2 * MaxBytes;

    private readonly List<SampleBatch> _batches = [];
    private long _unlabeledRows;

    public bool IsEmpty => _batches.Count == 0;

    /// <summary>Whether any batch has labels.</summary>
    public bool HasLabels => _batches.Exists(batch => batch.Labels is not null);

    /// <summary>The batches to use: those without labels only where no batch has any.</summary>
    public IReadOnlyList<SampleBatch> Kept => HasLabels ? _batches.FindAll(batch => batch.Labels is not null) : _batches;

    /// <summary>How many samples the batches to use hold.</summary>
    public long KeptRows => Kept.Sum(batch => batch.Rows);

    private List<SampleBatch> Settled => _batches.FindAll(batch => batch.Forward is null);

    /// <summary>The batch that waits for the labels of a forward; null for none.</summary>
    public SampleBatch? Find(Forward forward) => _batches.Find(batch => ReferenceEquals(batch.Forward, forward));

    /// <summary>Whether a batch would be kept; always true while none has labels.</summary>
    public bool Takes(double draw, long rows, long bytes)
    {
        if (!HasLabels)
            return true;
        var settled = Settled;
        var kept = settled.Sum(batch => batch.Rows);
        return draw < settled.Max(batch => batch.Draw) || (kept < maxRows && rows > kept && rows > _unlabeledRows)
            || (kept < maxRows && settled.Sum(batch => batch.Bytes) + bytes <= MaxBytes);
    }

    /// <summary>Adds a batch whose labels are known.</summary>
    public void Add(SampleBatch batch)
    {
        _batches.Add(batch);
        Settle();
    }

    /// <summary>Adds a batch that awaits its labels. Waiting batches are limited in bytes only, because some never get labels.</summary>
    public void AddDrawn(SampleBatch batch)
    {
        _batches.Add(batch);
        var waiting = _batches.FindAll(other => other.Forward is not null);
        while (waiting.Count > 1 && waiting.Sum(other => other.Bytes) > MaxWaitingBytes)
        {
            var last = waiting.MaxBy(other => other.Draw)!;
            waiting.Remove(last);
            Remove(last);
        }
    }

    /// <summary>To be called when a batch no longer awaits labels: drops batches with greater numbers that are not needed, and, once any
    /// has labels, those without.</summary>
    public void Settle()
    {
        if (HasLabels)
            _batches.FindAll(batch => batch.Forward is null && batch.Labels is null).ForEach(Drop);
        DropSingles();
        for (var settled = Settled; settled.Count > 1; settled = Settled)
        {
            var last = settled.MaxBy(batch => batch.Draw)!;
            var others = settled.Sum(batch => batch.Rows) - last.Rows;
            if (others < maxRows && settled.Sum(batch => batch.Bytes) <= MaxBytes)
                return;
            // One large batch is worth more than others that hold fewer rows together.
            var gone = others < Math.Min(last.Rows, maxRows) ? settled.FindAll(batch => !ReferenceEquals(batch, last)) : [last];
            gone.ForEach(Remove);
        }
    }

    /// <summary>
    /// Drops batches, those with the greatest numbers first, while the rest has more than <paramref name="rows"/> rows and would keep at
    /// least <paramref name="least"/>. Batches of one number stay or go together.
    /// </summary>
    public void Trim(long rows, long least)
    {
        foreach (var step in Kept.GroupBy(batch => batch.Draw).OrderByDescending(step => step.Key).ToList())
            if (KeptRows > rows && KeptRows - step.Sum(batch => batch.Rows) >= least)
                step.ToList().ForEach(Remove);
    }

    /// <summary>Takes in what other ranks kept: the first batches of all ranks, then the second ones, and so on.</summary>
    /// <param name="others">For each rank its batches; they are this object's from now on.</param>
    /// <param name="whole">Whether the ranks' shares of a step become one batch.</param>
    public void Join(IReadOnlyList<IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)>> others, bool whole)
    {
        var own = Kept.ToList();
        foreach (var batch in _batches.Except(own).ToList())
            Remove(batch);
        _batches.Clear();
        for (var i = 0; i < Math.Max(own.Count, others.Select(other => other.Count).DefaultIfEmpty(0).Max()); i++)
        {
            var step = own.Skip(i).Take(1).ToList();
            foreach (var (inputs, labels) in others.SelectMany(other => other.Skip(i).Take(1)))
                step.Add(new SampleBatch(null, inputs, i < own.Count ? own[i].Draw : 1) { Labels = labels });
            _batches.AddRange(whole && SampleShares.FitTogether(step) ? [SampleShares.Join(step)] : step);
        }
    }

    /// <summary>A batch norm has no variance over one sample: batches of one are kept only where there are no others.</summary>
    private void DropSingles()
    {
        var settled = Settled;
        if (settled.Exists(batch => batch.Rows > 1))
            settled.FindAll(batch => batch.Rows == 1).ForEach(Remove);
    }

    /// <summary>Removes a batch that nobody labels. No batch is kept for that size again.</summary>
    public void Drop(SampleBatch batch)
    {
        _unlabeledRows = Math.Max(_unlabeledRows, batch.Rows);
        Remove(batch);
    }

    public void Remove(SampleBatch batch)
    {
        _batches.Remove(batch);
        batch.Dispose();
    }

    public void Clear()
    {
        _batches.ForEach(batch => batch.Dispose());
        _batches.Clear();
    }
}
