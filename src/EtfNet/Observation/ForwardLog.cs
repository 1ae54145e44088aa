using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which forwards count, and those that wait for their labels.</summary>
/// <remarks>
/// A forward is one call of the model. Where the model itself is not called (its <c>forward</c> is), one begins when a layer fires, and the next when that layer fires
/// again. Only forwards in training mode with gradients enabled count; while a capture is set, every forward goes there instead.
/// </remarks>
internal sealed class ForwardLog(nn.Module model, int maxPending) : IDisposable
{
    private readonly List<ForwardRecord> _pending = [];
    private ForwardRecord? _current;
    private LayerTap? _opener;
    private bool _insideModel;

    /// <summary>Takes every forward while set, in whatever mode.</summary>
    public ForwardRecord? Capture { get; set; }

    public int Suspensions { get; set; }

    /// <summary>Forwards whose labels never came.</summary>
    public long Unlabeled { get; set; }

    /// <summary>Whether a layer that fires now is to be recorded.</summary>
    public bool IsListening() => Capture is not null || (_insideModel ? _current is not null : Counts());

    public void Enter()
    {
        (_insideModel, _opener) = (true, null);
        _current = Capture is null && Counts() ? Open() : null;
    }

    public void Leave(Tensor output)
    {
        if ((Capture ?? _current) is { } record && output.dim() > 0)
        {
            record.OutputRows = output.shape[0];
            record.Output?.Dispose();
            record.Output = output.dim() == 2 ? output.detach().DetachFromDisposeScope() : null;
        }

        (_insideModel, _current) = (false, null);
    }

    public void Fired(LayerTap tap, Tensor features)
    {
        if (Capture is { } capture)
        {
            capture.Features.Add((tap, features));
            return;
        }

        if (!_insideModel && (_current is null || ReferenceEquals(_opener, tap)))
            (_current, _opener) = (Open(), tap);
        _current!.Features.Add((tap, features));
    }

    /// <summary>Takes the forwards that <paramref name="count"/> labels belong to: the last, or all in order. The others are let go.</summary>
    /// <param name="count">The number of labels.</param>
    /// <param name="labels">What the caller names them.</param>
    /// <exception cref="InvalidOperationException">No forward waits.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public IReadOnlyList<ForwardRecord> Take(long count, string labels)
    {
        var waiting = _pending.Where(record => record.Features.Count > 0).ToList();
        if (waiting.Count == 0)
            throw new InvalidOperationException(
                "No forward waits for labels. Call the model by call(), in training mode and with gradients enabled, before Observe; where it calls its layers by forward(), their "
                + "hooks do not fire: let it use call(), or hand the features to Observe(layer, features, labels).");

        var last = waiting[^1].Length;
        var all = waiting.Sum(record => record.Length);
        if (count != last && count != all)
            throw new ArgumentException(
                waiting.Count == 1
                    ? $"{Words.Count(count, "label")} came for a forward of {Words.Count(last, "sample")}."
                    : $"{Words.Count(count, "label")} came; the last forward had {Words.Count(last, "sample")} and the {waiting.Count} that wait have {all} together.",
                labels);

        var taken = count == last ? [waiting[^1]] : waiting;
        foreach (var record in _pending)
            if (!taken.Contains(record))
            {
                record.Dispose();
                Unlabeled++;
            }

        _pending.Clear();
        (_current, _opener) = (null, null);
        return taken;
    }

    /// <summary>Lets go of all that waits.</summary>
    public void Clear()
    {
        foreach (var record in _pending)
            record.Dispose();
        _pending.Clear();
        (_current, _opener) = (null, null);
    }

    public void Dispose() => Clear();

    private bool Counts() => Suspensions == 0 && model.training && is_grad_enabled();

    private ForwardRecord Open()
    {
        if (_pending.Count == maxPending)
        {
            _pending[0].Dispose();
            _pending.RemoveAt(0);
            Unlabeled++;
        }

        var record = new ForwardRecord();
        _pending.Add(record);
        return record;
    }
}
