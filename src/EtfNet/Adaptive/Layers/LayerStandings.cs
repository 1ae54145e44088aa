namespace EtfNet;

/// <summary>The state of the layers at the end of an epoch, for the policy.</summary>
internal static class LayerStandings
{
    /// <summary>The error of the last layer that has one.</summary>
    public static double? LastError(CollapseReport collapse) =>
        collapse.Layers.LastOrDefault(layer => layer.NccError is not null)?.NccError;

    /// <summary>Counts the epoch in each layer's streak, and returns what the policy decides on, in forward order.</summary>
    /// <param name="options">The options.</param>
    /// <param name="epoch">The epoch that ended.</param>
    /// <param name="collapse">What was measured in it.</param>
    /// <param name="layers">The watched layers.</param>
    /// <param name="optimizers">The optimizers as they are now.</param>
    public static List<LayerStanding> Count(
        AdaptiveEtfOptions options, int epoch, CollapseReport collapse, IReadOnlyList<WatchedLayer> layers, KnownOptimizers optimizers)
    {
        var found = collapse.Layers.ToDictionary(layer => layer.Name);
        var order = collapse.Layers.Select((layer, index) => (layer.Name, index)).ToDictionary(layer => layer.Name, layer => layer.index);
        var standings = new List<LayerStanding>();
        var threshold = FixPolicy.Threshold(options, epoch, LastError(collapse));
        foreach (var layer in layers.OrderBy(layer => order.GetValueOrDefault(layer.Name, int.MaxValue)))
        {
            var now = found.GetValueOrDefault(layer.Name);
            var (upper, scored) = (now?.Interval?.High, now?.Samples ?? 0);
            layer.Streak = now?.PresentClasses > 1 && FixPolicy.Meets(options, threshold, now.NccError, upper, scored)
                ? layer.Streak + 1
                : 0;
            standings.Add(new LayerStanding(layer.Name, now?.NccError, upper, scored, layer.Streak, layer.Fix is not null)
            {
                Classes = now?.PresentClasses ?? 0,
                NoErrorReason = now?.Reason,
                Excluded = layer.WhyNot(optimizers),
                Refusal = layer.Refusal,
                RetryAt = layer.RetryAt,
            });
        }

        return standings;
    }
}
