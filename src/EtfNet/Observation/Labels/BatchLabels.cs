using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The labels of a batch: as checked numbers, or left on their device, where looking at them would mean waiting.</summary>
internal sealed class BatchLabels : IDisposable
{
    private readonly Tensor? _unread;
    private readonly int? _classCount;
    private readonly long? _ignoreIndex;
    private int[]? _values;
    private LabelGroups? _groups;
    private Tensor? _moved;

    private BatchLabels(int[]? values, Tensor? unread, int? classCount, long? ignoreIndex, int count) =>
        (_values, _unread, _classCount, _ignoreIndex, Count) = (values, unread, classCount, ignoreIndex, count);

    public int Count { get; }

    /// <summary>Whether nobody has looked at the numbers, so that some may be out of range.</summary>
    public bool AreUnread => _values is null;

    /// <summary>Where unread labels are; the CPU for read ones.</summary>
    public Device Device => _unread?.device ?? CPU;

    /// <summary>What marks a row without a label among the numbers of <see cref="On"/>; null for none.</summary>
    public long? IgnoreIndex => _unread is null ? LabelReader.NoLabel : _ignoreIndex;

    /// <summary>The rows by class. Reads labels back that are still on a device: features on the CPU leave no choice.</summary>
    public LabelGroups Groups => _groups ??= LabelGroups.Create(_values ??= LabelReader.Read(_unread!, _classCount, _ignoreIndex));

    /// <param name="labels">Class indices; checked unless <paramref name="leaveUnread"/>.</param>
    /// <param name="classCount">The number of classes, where it is known.</param>
    /// <param name="ignoreIndex">What marks a row without a label; null for none.</param>
    /// <param name="leaveUnread">Whether to leave the numbers where they are.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range.</exception>
    /// <exception cref="ArgumentException">There is no label but the one to ignore.</exception>
    public static BatchLabels Create(LabelForm labels, int? classCount, long? ignoreIndex, bool leaveUnread)
    {
        if (leaveUnread)
            return new BatchLabels(null, labels.Flat.alias().DetachFromDisposeScope(), classCount, ignoreIndex, (int)labels.Count);
        var values = LabelReader.Read(labels.Flat, classCount, ignoreIndex);
        if (values.Length > 0 && !values.AsSpan().ContainsAnyExcept(LabelReader.NoLabel))
            throw new ArgumentException(
                $"All {Words.Count(values.Length, "label")} are {ignoreIndex}, which marks rows without a label (IgnoreIndex): there is "
                + "nothing to observe. Exclude such a forward with Suspend().",
                nameof(labels));
        return new BatchLabels(values, null, classCount, ignoreIndex, values.Length);
    }

    /// <summary>Labels <paramref name="start"/> and on, as labels of their own.</summary>
    public BatchLabels Slice(int start, int count) => new(
        _values?.AsSpan(start, count).ToArray(), _unread?.narrow(0, start, count).DetachFromDisposeScope(), _classCount, _ignoreIndex,
        count);

    /// <summary>The labels as int64 on a device; belongs to this object.</summary>
    public Tensor On(Device device)
    {
        if (_moved is { } moved && TensorDevice.Is(moved, device))
            return moved;
        _moved?.Dispose();
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        var source = _unread ?? tensor(Array.ConvertAll(_values!, value => (long)value));
        return _moved = source.to(int64).to(device, copy: true).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        _moved?.Dispose();
        _unread?.Dispose();
    }
}
