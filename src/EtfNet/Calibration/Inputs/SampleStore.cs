using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Batches with the least numbers, as many as hold the wanted rows.</summary>
/// <param name="maxRows">How many rows to keep at least, where there are so many.</param>
internal sealed class SampleStore(int maxRows)
{
    private const long MaxBytes = 64L << 20;

    private readonly List<SampleBatch> _batches = [];
    private long _unlabeledRows;

    public bool IsEmpty => _batches.Count == 0;

    /// <summary>Whether any batch has labels.</summary>
    public bool HasLabels => _batches.Exists(batch => batch.Labels is not null);

    /// <summary>The batches to use: those without labels only where no batch has any.</summary>
    public IReadOnlyList<SampleBatch> Kept => HasLabels ? _batches.FindAll(batch => batch.Labels is not null) : _batches;

    /// <summary>How many samples the batches to use hold.</summary>
    public long KeptRows => Kept.Sum(batch => batch.Rows);

    private long Rows => _batches.Sum(batch => batch.Rows);

    private long Bytes => _batches.Sum(batch => batch.Bytes);

    private List<SampleBatch> Settled => _batches.FindAll(batch => batch.Forward is null);

    /// <summary>The batch that waits for the labels of a forward; null for none.</summary>
    public SampleBatch? Find(Forward forward) => _batches.Find(batch => ReferenceEquals(batch.Forward, forward));

    /// <summary>Whether rows are wanted, and there is space for one more batch of so many bytes; for one batch there is.</summary>
    public bool HasRoomFor(long bytes) => Rows < maxRows && (IsEmpty || Bytes + bytes <= MaxBytes);

    /// <summary>Whether a batch would be kept. One batch is, whatever its size.</summary>
    public bool Takes(double draw, long rows, long bytes)
    {
        var settled = Settled;
        var kept = settled.Sum(batch => batch.Rows);
        return settled.Count == 0 || draw < settled.Max(batch => batch.Draw)
            || (kept < maxRows && rows > kept && rows > _unlabeledRows)
            || (kept < maxRows && settled.Sum(batch => batch.Bytes) + bytes <= MaxBytes);
    }

    public void Add(SampleBatch batch) => _batches.Add(batch);

    /// <summary>Adds a batch that awaits its labels. Of those that do, as many are kept as of the others.</summary>
    public void AddDrawn(SampleBatch batch)
    {
        _batches.Add(batch);
        Shrink(_batches.FindAll(other => other.Forward is not null), byRows: false);
    }

    /// <summary>A batch awaits its labels no longer: lets go of those with greater numbers that are no longer needed, and, once any has
    /// labels, of those without.</summary>
    public void Settle()
    {
        if (HasLabels)
            _batches.FindAll(batch => batch.Forward is null && batch.Labels is null).ForEach(Drop);
        Shrink(Settled, byRows: true);
    }

    /// <summary>
    /// Lets go of batches, those with the greatest numbers first, until the rest holds at most so many rows, or less than the least without
    /// one more. Batches of one number stay or go together.
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

    private void Shrink(List<SampleBatch> batches, bool byRows)
    {
        while (batches.Count > 1)
        {
            var last = batches.MaxBy(batch => batch.Draw)!;
            var others = batches.Sum(batch => batch.Rows) - last.Rows;
            if (others < maxRows && batches.Sum(batch => batch.Bytes) <= MaxBytes)
                return;
            // One large batch is worth more than others that hold fewer rows together.
            var gone = byRows && others < Math.Min(last.Rows, maxRows) ? batches.FindAll(batch => !ReferenceEquals(batch, last)) : [last];
            gone.ForEach(Remove);
            batches.RemoveAll(gone.Contains);
        }
    }

    /// <summary>Removes a batch that nobody labels. One of its size is not taken for its size again.</summary>
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
