using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Batches that wait on a device until there are enough to process together: a launch there takes as long as the work of some thousand
/// rows.
/// </summary>
internal sealed class DeviceBatches : IDisposable
{
    private const long EnoughRows = 2048;
    private const long EnoughBytes = 4 << 20;

    private readonly List<(Tensor Features, Tensor Labels, Tensor? Predictions)> _batches = [];
    private long _rows;
    private long _bytes;

    public bool IsEmpty => _batches.Count == 0;

    public bool AreEnough => _rows >= EnoughRows || _bytes >= EnoughBytes;

    /// <summary>Whether all that waits has predictions; false where nothing waits.</summary>
    public bool HavePredictions => _batches is [{ Predictions: not null }, ..];

    /// <summary>What has to be kept of features until there are enough: a copy, since a program may write to them.</summary>
    public static Tensor Kept(Tensor features) =>
        features.shape[0] >= EnoughRows || Bytes(features) >= EnoughBytes ? features.alias() : features.clone();

    /// <summary>Adds a batch; the features belong to this object from now on.</summary>
    public void Add(Tensor features, Tensor labels, Tensor? predictions)
    {
        _batches.Add((
            features.DetachFromDisposeScope(), labels.alias().DetachFromDisposeScope(), predictions?.alias().DetachFromDisposeScope()));
        _rows += features.shape[0];
        _bytes += Bytes(features);
    }

    /// <summary>All of them as one batch, which belongs to the caller's scope; nothing waits afterwards.</summary>
    public (Tensor Features, Tensor Labels, Tensor? Predictions) Take()
    {
        var whole = _batches is [var single]
            ? (single.Features.alias(), single.Labels.alias(), single.Predictions?.alias())
            : (cat([.. _batches.Select(batch => batch.Features)]),
                cat([.. _batches.Select(batch => batch.Labels)]),
                HavePredictions ? cat([.. _batches.Select(batch => batch.Predictions!)]) : null);
        Dispose();
        return whole;
    }

    public void Dispose()
    {
        foreach (var (features, labels, predictions) in _batches)
        {
            features.Dispose();
            labels.Dispose();
            predictions?.Dispose();
        }

        _batches.Clear();
        (_rows, _bytes) = (0, 0);
    }

    private static long Bytes(Tensor features) => features.NumberOfElements * features.ElementSize;
}
