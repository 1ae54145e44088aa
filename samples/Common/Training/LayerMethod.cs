namespace EtfNet.Samples;

/// <summary>What is done with a network's layers while it trains; <see cref="AdaptiveEtfOptions"/> has the rest.</summary>
public sealed record LayerMethod
{
    [Is("watch (layers are measured), adaptive (they are fixed once they have collapsed) or plain (neither)")]
    public MethodKind Method { get; init; }

    [Is("adaptive: the paper's own rule is the default of the other options")] public bool Paper { get; init; }

    [Is("layers that are fixed from the start, as --frame: names, or the number of the first one")]
    public IReadOnlyList<string> FixFromStart { get; init; } = [];

    [Is("dense layers whose weights begin as --frame")] public IReadOnlyList<string> BeginAsFrame { get; init; } = [];

    [Is("LAYER@EPOCH:FACTOR of a dense weight's learning rate behind an epoch (below 1: a share of all epochs); 0 freezes it")]
    public IReadOnlyList<string> Rates { get; init => field = [.. value.Where(text => Parse(text) is var _)]; } = [];

    [Is("measures of collapse are taken exactly after each epoch")] public bool Measures { get; init; }

    /// <summary>Gets the layers whose rates change.</summary>
    internal IReadOnlyList<string> RatedLayers => [.. Rates.Select(text => Parse(text).Layer).Distinct()];

    /// <summary>The factor of a layer's learning rate behind some finished epochs, and since which of them it is.</summary>
    internal (string Layer, int Since, double Factor) RateOf(string layer, int finished, int epochs) => Rates.Select(Parse)
        .Select(change => (change.Layer, Since: (int)Math.Round(change.Epoch < 1 ? change.Epoch * epochs : change.Epoch), change.Factor))
        .Where(change => change.Layer == layer && change.Since <= finished).OrderBy(change => change.Since).LastOrDefault((layer, 0, 1));

    private static (string Layer, double Epoch, double Factor) Parse(string text) =>
        text.Split('@', ':') is [{ Length: > 0 } layer, var epoch, var factor] && Number(epoch) is { } after && Number(factor) is { } value
            ? (layer, after, value) : throw new ArgumentException("is no LAYER@EPOCH:FACTOR.");

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, null, out var number) ? number : null;
}
