using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The labels of a batch: as checked numbers, or left on their device, where looking at them would mean waiting.</summary>
internal sealed class BatchLabels : IDisposable
{
    private readonly Tensor? _unread;
    private readonly int? _classCount;
    private int[]? _values;
    private LabelGroups? _groups;
    private Tensor? _moved;

    private BatchLabels(int[]? values, Tensor? unread, int? classCount, int count) => (_values, _unread, _classCount, Count) = (values, unread, classCount, count);

    public int Count { get; }

    /// <summary>Whether nobody has looked at the numbers, so that some may be out of range.</summary>
    public bool AreUnread => _values is null;

    /// <summary>Where unread labels are; the CPU for read ones.</summary>
    public Device Device => _unread?.device ?? CPU;

    /// <summary>The rows by class. Reads labels back that are still on a device: features on the CPU leave no choice.</summary>
    public LabelGroups Groups => _groups ??= LabelGroups.Create(_values ??= LabelReader.Read(_unread!, _classCount));

    /// <param name="labels">Class indices; checked unless <paramref name="leaveUnread"/>.</param>
    /// <param name="classCount">The number of classes, where it is known.</param>
    /// <param name="leaveUnread">Whether to leave the numbers where they are.</param>
    public static BatchLabels Create(Tensor labels, int? classCount, bool leaveUnread)
    {
        if (!leaveUnread)
        {
            var values = LabelReader.Read(labels, classCount);
            return new BatchLabels(values, null, classCount, values.Length);
        }

        LabelReader.CheckForm(labels);
        return new BatchLabels(null, labels.detach().DetachFromDisposeScope(), classCount, (int)labels.shape[0]);
    }

    /// <summary>Labels <paramref name="start"/> and on, as labels of their own.</summary>
    public BatchLabels Slice(int start, int count) => _unread is null
        ? new BatchLabels(_values!.AsSpan(start, count).ToArray(), null, _classCount, count)
        : new BatchLabels(_values?.AsSpan(start, count).ToArray(), _unread.narrow(0, start, count).DetachFromDisposeScope(), _classCount, count);

    /// <summary>The labels as int64 on a device; belongs to this object.</summary>
    public Tensor On(Device device)
    {
        if (_moved is { } moved && moved.device == device)
            return moved;
        _moved?.Dispose();
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
