using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A layer's <see cref="ReturningShare"/> while its features are on a device: the same numbers, gathered there without a wait.
/// </summary>
internal sealed class DeviceReturning : IDisposable
{
    // Before it is known how many samples a class has, so many rows are looked at.
    private const long FirstRows = (long)ReturningShare.Classes * ReturningShare.FewSamples;

    private readonly ReturningShare _host;
    private readonly bool _isFirstEpoch;
    private readonly Tensor _stored;
    private readonly Tensor _has;
    private readonly Tensor? _before;
    private readonly Tensor? _hasBefore;
    private readonly DeviceDistances _within;
    private readonly DeviceDistances _across;
    private long _rows;

    private DeviceReturning(ReturningShare host, int width, bool isFirstEpoch, Device device)
    {
        (_host, _isFirstEpoch) = (host, isFirstEpoch);
        (_stored, _has) = Rows(host.Stored.All, width, device);
        if (Array.Exists(host.Before.All, row => row?.Length == width))
            (_before, _hasBefore) = Rows(host.Before.All, width, device);
        _within = new DeviceDistances(host.Within, device);
        _across = new DeviceDistances(host.Across, device);
    }

    /// <summary>Goes on from what the host knows; null where no class has few enough samples to matter.</summary>
    public static DeviceReturning? Create(ReturningShare host, ClassStatistics? previous, int width, Device device)
    {
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        return previous is null
            || Enumerable.Range(0, Math.Min(ReturningShare.Classes, previous.ClassCount)).Any(
                c => previous.Count(c) is > 0 and <= ReturningShare.FewSamples)
            ? new DeviceReturning(host, width, previous is null, device)
            : null;
    }

    /// <summary>Takes a batch in.</summary>
    /// <param name="features">Samples x width.</param>
    /// <param name="own">One class per sample.</param>
    /// <param name="classCount">The number of classes: samples of others do not count.</param>
    public void Add(Tensor features, Tensor own, int classCount)
    {
        var count = features.shape[0];
        if (count == 0 || (_isFirstEpoch && _rows >= FirstRows))
            return;
        _rows += count;
        var single = features.to(float32);
        var inside = own.lt(Math.Min(ReturningShare.Classes, classCount));
        var slot = own * inside;
        var classes = arange(ReturningShare.Classes, dtype: int64, device: features.device);
        var rows = arange(count, dtype: int64, device: features.device).unsqueeze(1);
        var member = slot.unsqueeze(1).eq(classes).logical_and(inside.unsqueeze(1));

        if (_before is not null)
            _across.Add(Squares(single, _before, slot), member.logical_and(_hasBefore!), ReturningShare.FewSamples);
        var first = where(member, rows, full_like(rows, count)).min(0).values;
        var isNew = _has.logical_not().logical_and(first.lt(count));
        _stored.copy_(where(isNew.unsqueeze(1), single.index_select(0, first.clamp(max: count - 1)), _stored));
        _has.logical_or_(isNew);
        var others = member.logical_and(rows.ne(first).logical_or(isNew.logical_not()));
        _within.Add(Squares(single, _stored, slot), others, ReturningShare.FewSamples);
    }

    /// <summary>Brings everything over; waits for the device.</summary>
    public void Flush()
    {
        using var scope = NewDisposeScope();
        var has = _has.cpu().bytes.ToArray();
        var rows = MemoryMarshal.Cast<byte, float>(_stored.cpu().bytes);
        var width = (int)_stored.shape[1];
        for (var c = 0; c < has.Length; c++)
            _host.Stored[c] = has[c] == 0 ? null : rows.Slice(c * width, width).ToArray();
        _within.Flush();
        _across.Flush();
    }

    public void Dispose()
    {
        _stored.Dispose();
        _has.Dispose();
        _before?.Dispose();
        _hasBefore?.Dispose();
        _within.Dispose();
        _across.Dispose();
    }

    private static Tensor Squares(Tensor features, Tensor rows, Tensor slot) => (features - rows.index_select(0, slot)).square().sum([1L]);

    private static (Tensor Rows, Tensor Has) Rows(float[]?[] rows, int width, Device device)
    {
        var values = new float[rows.Length * width];
        for (var c = 0; c < rows.Length; c++)
            if (rows[c]?.Length == width)
                rows[c]!.CopyTo(values, c * width);
        return (
            DeviceCopy.Of(tensor(values).reshape(rows.Length, width), device),
            DeviceCopy.Of(tensor(rows.Select(row => row?.Length == width).ToArray()), device));
    }
}
