namespace EtfNet;

/// <summary>Makes the report of an epoch's end.</summary>
/// <param name="outcome">What happened.</param>
/// <param name="layers">The watched layers, as they are now.</param>
/// <param name="gone">The monitored layers that were removed at the end of this epoch.</param>
/// <param name="isCutBack">Whether a reverted cut removed them; otherwise a new cut did.</param>
internal sealed class ReportBuilder(EpochOutcome outcome, WatchedLayers layers, IReadOnlySet<string> gone, bool isCutBack)
{
    private readonly Dictionary<string, WatchedLayer> _watched = layers.Layers.ToDictionary(layer => layer.Name);
    private readonly IReadOnlySet<string> _fixed = layers.FixedNames();

    /// <param name="epoch">The number of epochs that have ended.</param>
    /// <param name="epsilon">The error that effective depth is measured at.</param>
    /// <param name="monitored">The layers that the monitor has now.</param>
    /// <param name="trials">The epochs whose fixes are on trial.</param>
    /// <param name="tail">The report's entry about the tail.</param>
    public EtfReport Build(
        int epoch, double epsilon, IReadOnlyList<string> monitored, IReadOnlySet<int> trials, EtfTailReport? tail)
    {
        var reach = layers.Reach;
        return new EtfReport
        {
            Epoch = epoch,
            Layers = [.. Shown(monitored).Select(layer => Row(layer.Name, layer.Found, trials))],
            FixedLayers = [.. _watched.Values.Select(layer => layer.Record).OfType<FixedLayer>().OrderBy(layer => layer.Epoch)],
            NewlyFixed = outcome.NewlyFixed,
            Reverted = [.. outcome.Reverted.Select(entry => entry.Layer.Name)],
            Skipped = reach.Skipped,
            ParametersInReach = reach.InReach,
            ParametersOutOfReach = reach.OutOfReach,
            EffectiveDepth = outcome.Collapse?.EffectiveDepth(epsilon),
            UnlabeledForwards = outcome.Unlabeled,
            Remarks = outcome.Remarks,
            Tail = tail,
        };
    }

    /// <summary>The measured layers, except those that a reverted cut removed, followed by the layers that the monitor has gained
    /// since.</summary>
    private List<(string Name, LayerCollapse? Found)> Shown(IReadOnlyList<string> monitored)
    {
        List<(string Name, LayerCollapse? Found)> shown = outcome.Collapse is not { } collapse
            ? [.. _watched.Keys.Select(name => (name, (LayerCollapse?)null))]
            : [.. collapse.Layers.Where(layer => !isCutBack || !gone.Contains(layer.Name)).Select(layer => (layer.Name, layer))];
        if (gone.Count > 0)
            shown.AddRange(monitored.Except(shown.Select(layer => layer.Name)).Select(name => (name, (LayerCollapse?)null)).ToList());
        return shown;
    }

    private EtfLayerReport Row(string name, LayerCollapse? found, IReadOnlySet<int> trials)
    {
        var record = _watched.GetValueOrDefault(name)?.Record;
        return new EtfLayerReport(name, found?.NccError, found?.Interval, _fixed.Contains(name), Decision(name))
        {
            Fix = record,
            IsOnTrial = record is not null && trials.Contains(record.Epoch),
        };
    }

    private LayerDecision Decision(string name)
    {
        if (outcome.Reverted.FirstOrDefault(entry => entry.Layer.Name == name) is { Why: { } why })
            return why;
        if (!isCutBack && gone.Contains(name))
            return new LayerDecision(name, LayerReason.CutOff);
        var watched = _watched.GetValueOrDefault(name);
        if (watched?.Record is not null)
            return new LayerDecision(name, LayerReason.Fixed);
        if (outcome.Decisions.TryGetValue(name, out var decided))
            return decided;
        if (watched is null)
            return new LayerDecision(name, _fixed.Contains(name) ? LayerReason.Fixed : LayerReason.NotACandidate);
        return watched.Excluded ?? watched.Held ?? (watched.SeesInputs ? new LayerDecision(name, LayerReason.NotACandidate) : null)
            ?? new LayerDecision(name, gone.Count > 0 ? LayerReason.ModelChanged : LayerReason.NotJudged);
    }
}
