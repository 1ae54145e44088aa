namespace EtfNet;

/// <content>Layers that are trained again.</content>
public sealed partial class AdaptiveEtfScheduler
{
    /// <summary>
    /// Makes a fixed layer trainable again. If a guard still keeps the old weight, the layer is as it was before; otherwise it starts from
    /// the frame, with new optimizer state.
    /// </summary>
    /// <param name="layer">The layer's name.</param>
    /// <remarks>
    /// The layer stays trainable until <see cref="Allow"/> is called. Its weight returns to the current optimizers: to those that held it,
    /// and to those that replaced them. The weight cannot return to an optimizer that was made after the fix and was not passed to
    /// <see cref="AddOptimizer"/>. TorchSharp's own optimizers then throw KeyNotFoundException at their next step if they were made from
    /// <c>model.parameters()</c>; if they were made from a list, they leave the weight untrained, and the report says so.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="layer"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no such layer, or it is not fixed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, or the layer can no longer be reached. Nothing was changed.
    /// </exception>
    /// <exception cref="CollectiveException">
    /// With <see cref="AdaptiveEtfOptions.Collective"/>: the ranks name different layers, or a rank failed or is missing.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Revert(string layer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(layer);
        if (Together is { } group)
        {
            RunTogether(group, () => Revert(layer), [new NamedFingerprint("layer", 0, $"'{layer}'")], "calls of Revert", announce: true);
            return;
        }

        var watched = _watched[layer];
        if (watched.Fix is not { } fix)
            throw new ArgumentException($"Layer '{layer}' is not fixed.", nameof(layer));
        RequireNoForward();
        using var pause = InferencePause.Begin();
        ForgetUnusableOptimizers();
        var record = TakeBack(fix)!;
        var why = watched.Held = new LayerDecision(layer, LayerReason.RevertedByHand);
        Report = Report with
        {
            Layers = [.. Report.Layers.Select(one => one.Name == layer
                ? one with { IsFixed = false, Fix = null, IsOnTrial = false, Decision = why }
                : one)],
            FixedLayers = [.. Report.FixedLayers.Where(one => one.Name != layer)],
        };
        Announce([], [(record, why)]);
    }

    /// <summary>
    /// Lets a layer be fixed again that was reverted by <see cref="Revert"/> or by the guard. Any other layer is left as it is.
    /// </summary>
    /// <param name="layer">The layer's name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="layer"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Allow(string layer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(layer);
        _watched[layer].Held = null;
    }

    private List<(FixedLayer Layer, LayerDecision Why)> RevertCostly(double cost)
    {
        var reverted = new List<(FixedLayer, LayerDecision)>();
        foreach (var (epoch, takeBack, worse) in _guard?.Judge(_memory.Epoch, cost) ?? [])
        {
            JudgeCut(epoch, takeBack, worse);
            foreach (var layer in _watched.Layers.Where(layer => layer.Record?.Epoch == epoch).Reverse())
            {
                if (!takeBack)
                {
                    layer.Fix!.Release();
                    continue;
                }

                layer.Held = new LayerDecision(layer.Name, LayerReason.RevertedByGuard)
                {
                    Epoch = epoch,
                    Value = worse,
                    Limit = _options.Guard!.Tolerance,
                };
                reverted.Add((TakeBack(layer.Fix!)!, layer.Held));
            }
        }

        return reverted;
    }

    /// <summary>Records a layer that was fixed.</summary>
    private void Take(LayerFix fix)
    {
        _watched.Add(fix);
        Follow(fix);
    }

    /// <summary>Makes a layer trainable again.</summary>
    /// <returns>The record of its fix; null for a layer that is not watched.</returns>
    private FixedLayer? TakeBack(LayerFix fix)
    {
        fix.Revert(_optimizers.All);
        if (_optimizers.All.Count == 0)
            Log.LayerWithoutOptimizer(_log, fix.Name);
        _watched.Remove(fix);
        Follow(fix);
        if (_watched.Find(fix.Name) is not { } layer)
            return null;
        var record = layer.Record;
        (layer.Record, layer.Streak) = (null, 0);
        layer.MarkReturned();
        return record;
    }

    private void Follow(LayerFix fix)
    {
        if (_monitor.Layers.Contains(fix.Name))
            _monitor.Follow(fix.Name, fix.Current);
    }
}
