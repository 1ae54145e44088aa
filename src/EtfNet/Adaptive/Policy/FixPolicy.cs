namespace EtfNet;

/// <summary>Decides by numbers alone which layers may be fixed, and in which order. Knows nothing of tensors.</summary>
internal static class FixPolicy
{
    /// <summary>With fewer samples, the upper end of the error's interval must meet epsilon, unless the options decide.</summary>
    private const long FewSamples = 1000;

    /// <summary>The error at or below which a layer is ready: epsilon, or the bound relative to the last layer's error if that is
    /// higher.</summary>
    /// <param name="options">The options.</param>
    /// <param name="epoch">The epoch that ended.</param>
    /// <param name="last">The last layer's error; null where there is none.</param>
    public static double Threshold(AdaptiveEtfOptions options, int epoch, double? last) =>
        options.RelativeEpsilon is { } above && epoch > options.RelativeWarmupEpochs && last <= options.RelativeBound
            ? Math.Max(options.Epsilon, last.Value + above)
            : options.Epsilon;

    /// <summary>Whether an error, or the upper end of its interval if that is required, meets a threshold.</summary>
    public static bool Meets(AdaptiveEtfOptions options, double threshold, double? error, double? upper, long scored) =>
        error <= threshold && (!(options.RequireConfidence ?? scored < FewSamples) || upper <= threshold);

    /// <summary>One decision per layer; ready layers come first, the preferred one at the top.</summary>
    /// <param name="options">The options.</param>
    /// <param name="epoch">The epoch that ended.</param>
    /// <param name="layers">The layers that may be fixed, in forward order.</param>
    /// <param name="last">The error of the model's last layer, whether it may be fixed or not; null takes that of the last of these
    /// layers.</param>
    public static IReadOnlyList<LayerDecision> Decide(AdaptiveEtfOptions options, int epoch, IReadOnlyList<LayerStanding> layers,
        double? last = null)
    {
        var ready = new List<LayerDecision>();
        var waiting = new List<LayerDecision>();
        var allLaterMeet = true;
        var threshold = Threshold(options, epoch, last ?? layers.LastOrDefault(layer => layer.Error is not null)?.Error);
        for (var i = layers.Count - 1; i >= 0; i--)
        {
            var layer = layers[i];
            var decision = Decide(options, epoch, threshold, layer, allLaterMeet);
            if (decision.IsReady)
                ready.Add(decision);
            else
                waiting.Insert(0, decision);
            allLaterMeet &= layer.Error is null ? layer.IsFixed : Meets(options, threshold, layer.Error, layer.Upper, layer.Scored);
        }

        if (options.Order == FixOrder.Independent)
            ready.Reverse();
        return [.. ready, .. waiting];
    }

    private static LayerDecision Decide(AdaptiveEtfOptions options, int epoch, double threshold, LayerStanding layer, bool allLaterMeet)
    {
        if (layer.IsFixed)
            return Because(LayerReason.Fixed);
        if (layer.Excluded is { } excluded)
            return excluded;
        if (layer.Error is not { } error)
            return Because(LayerReason.NoError) with { Detail = layer.NoErrorReason };
        // A single class is always nearest to itself: that shows no collapse.
        if (layer.Classes < 2)
            return Because(LayerReason.OneClass);
        if (!Meets(options, threshold, error, layer.Upper, layer.Scored))
        {
            var reason = error <= threshold ? LayerReason.NotCertain : LayerReason.ErrorAboveEpsilon;
            return Because(reason) with { Value = error, Limit = threshold };
        }

        if (epoch <= options.WarmupEpochs)
            return Because(LayerReason.WarmingUp) with { Value = epoch, Limit = options.WarmupEpochs };
        if (layer.Streak < options.Patience)
            return Because(LayerReason.Patience) with { Value = layer.Streak, Limit = options.Patience };
        if (options.Order == FixOrder.PastEffectiveDepth && !allLaterMeet)
            return Because(LayerReason.LaterLayerAboveEpsilon);
        return layer.Refusal is { } refusal && layer.RetryAt > epoch
            ? Because(LayerReason.RetryLater) with { Refusal = refusal, Epoch = layer.RetryAt }
            : Because(LayerReason.Ready) with { Value = error, Limit = threshold };

        LayerDecision Because(LayerReason reason) => new(layer.Name, reason);
    }
}
