namespace EtfNet;

/// <summary>What the policy knows of a layer at the end of an epoch.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Error">Its nearest-class-center error; null where there is none yet.</param>
/// <param name="Upper">The upper end of the error's 95% interval; null with the error.</param>
/// <param name="Scored">The number of samples that the error is of.</param>
/// <param name="Streak">How many epochs in a row the error has met epsilon, this one included.</param>
/// <param name="IsFixed">Whether it is fixed already.</param>
/// <param name="Excluded">Why it can never be fixed; null where it can.</param>
internal sealed record LayerStanding(string Name, double? Error, double? Upper, long Scored, int Streak, bool IsFixed, string? Excluded);

/// <summary>What the policy says of a layer: ready, or why not.</summary>
internal sealed record LayerVerdict(string Name, bool IsReady, string Reason);

/// <summary>Decides by numbers alone which layers may be fixed, and in which order. Knows nothing of tensors.</summary>
internal static class FixPolicy
{
    /// <summary>An error of fewer samples must meet epsilon with certainty where the options leave that open.</summary>
    private const long FewSamples = 1000;

    /// <summary>Whether an error meets epsilon, with certainty where that is asked for.</summary>
    public static bool Meets(AdaptiveEtfOptions options, double? error, double? upper, long scored) =>
        error <= options.Epsilon && (!(options.RequireConfidence ?? scored < FewSamples) || upper <= options.Epsilon);

    /// <summary>The verdicts on all layers, given in forward order; those that are ready come first, the preferred one at the top.</summary>
    public static IReadOnlyList<LayerVerdict> Judge(AdaptiveEtfOptions options, int epoch, IReadOnlyList<LayerStanding> layers)
    {
        var ready = new List<LayerVerdict>();
        var waiting = new List<LayerVerdict>();
        var allLaterMeet = true;
        for (var i = layers.Count - 1; i >= 0; i--)
        {
            var layer = layers[i];
            var reason = WhyNot(options, epoch, layer, allLaterMeet);
            if (reason is null)
                ready.Add(new LayerVerdict(layer.Name, true, ""));
            else
                waiting.Insert(0, new LayerVerdict(layer.Name, false, reason));
            allLaterMeet &= layer.Error is null ? layer.IsFixed : Meets(options, layer.Error, layer.Upper, layer.Scored);
        }

        if (options.Order == FixOrder.Independent)
            ready.Reverse();
        return [.. ready, .. waiting];
    }

    private static string? WhyNot(AdaptiveEtfOptions options, int epoch, LayerStanding layer, bool allLaterMeet)
    {
        if (layer.IsFixed)
            return "fixed";
        if (layer.Excluded is not null)
            return layer.Excluded;
        if (layer.Error is not { } error)
            return "no error yet";
        if (!Meets(options, error, layer.Upper, layer.Scored))
            return error <= options.Epsilon ? "not certain enough: the interval reaches above epsilon" : "error above epsilon";
        if (epoch <= options.WarmupEpochs)
            return $"warming up for {Words.Count(options.WarmupEpochs, "epoch")}";
        if (layer.Streak < options.Patience)
            return $"{layer.Streak} of {options.Patience} epochs at or below epsilon";
        return options.Order == FixOrder.PastEffectiveDepth && !allLaterMeet ? "a later layer's error is above epsilon" : null;
    }
}
