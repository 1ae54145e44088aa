namespace EtfNet;

/// <summary>Decides by numbers alone which layers may be fixed, and in which order. Knows nothing of tensors.</summary>
internal static class FixPolicy
{
    /// <summary>An error measured on fewer samples must meet epsilon with certainty where the options leave that open.</summary>
    private const long FewSamples = 1000;

    /// <summary>Whether an error meets epsilon, with certainty where that is asked for.</summary>
    public static bool Meets(AdaptiveEtfOptions options, double? error, double? upper, long scored) =>
        error <= options.Epsilon && (!(options.RequireConfidence ?? scored < FewSamples) || upper <= options.Epsilon);

    /// <summary>One decision per layer, given in forward order; those that are ready come first, the preferred one at the top.</summary>
    public static IReadOnlyList<LayerDecision> Decide(AdaptiveEtfOptions options, int epoch, IReadOnlyList<LayerStanding> layers)
    {
        var ready = new List<LayerDecision>();
        var waiting = new List<LayerDecision>();
        var allLaterMeet = true;
        for (var i = layers.Count - 1; i >= 0; i--)
        {
            var layer = layers[i];
            var decision = Decide(options, epoch, layer, allLaterMeet);
            if (decision.IsReady)
                ready.Add(decision);
            else
                waiting.Insert(0, decision);
            allLaterMeet &= layer.Error is null ? layer.IsFixed : Meets(options, layer.Error, layer.Upper, layer.Scored);
        }

        if (options.Order == FixOrder.Independent)
            ready.Reverse();
        return [.. ready, .. waiting];
    }

    private static LayerDecision Decide(AdaptiveEtfOptions options, int epoch, LayerStanding layer, bool allLaterMeet)
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
        if (!Meets(options, error, layer.Upper, layer.Scored))
            return Because(error <= options.Epsilon ? LayerReason.NotCertain : LayerReason.ErrorAboveEpsilon) with { Value = error, Limit = options.Epsilon };
        if (epoch <= options.WarmupEpochs)
            return Because(LayerReason.WarmingUp) with { Value = epoch, Limit = options.WarmupEpochs };
        if (layer.Streak < options.Patience)
            return Because(LayerReason.Patience) with { Value = layer.Streak, Limit = options.Patience };
        if (options.Order == FixOrder.PastEffectiveDepth && !allLaterMeet)
            return Because(LayerReason.LaterLayerAboveEpsilon);
        return layer.Refusal is { } refusal && layer.RetryAt > epoch
            ? Because(LayerReason.RetryLater) with { Refusal = refusal, Epoch = layer.RetryAt }
            : Because(LayerReason.Ready) with { Value = error, Limit = options.Epsilon };

        LayerDecision Because(LayerReason reason) => new(layer.Name, reason);
    }
}
