namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Adds what another monitor gathered in its running epoch: statistics and scores, layer by layer. Its centers and its waiting forwards are not taken.</summary>
    /// <param name="other">A monitor of the same layers, say of another worker's copy of the model; it stays as it is.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <exception cref="ArgumentException">It is this monitor, or its layers, their widths or the metrics gathered differ; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">One of the monitors is disposed.</exception>
    public void Merge(NccMonitor other)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(other);
        ObjectDisposedException.ThrowIf(other._disposed, other);
        if (ReferenceEquals(other, this))
            throw new ArgumentException("A monitor cannot be merged with itself.", nameof(other));
        MonitorMerge.Merge(_states, other._states, AddState, nameof(other));
        _log.Unlabeled += other._log.Unlabeled;
    }
}
