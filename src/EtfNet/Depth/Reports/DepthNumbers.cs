namespace EtfNet;

/// <summary>The numbers of a layer's entry by the names that files give them.</summary>
internal static class DepthNumbers
{
    public static IEnumerable<(string Name, double? Value)> Of(DepthLayer layer) =>
    [
        ("centerAccuracy", layer.CenterAccuracy),
        ("ridgeAccuracy", layer.RidgeAccuracy),
        ("parameters", layer.Parameters),
        ("microseconds", layer.Microseconds),
        ("timeShare", layer.TimeShare),
        ("width", layer.Width),
        ("observed", layer.Observed),
        ("samples", layer.Samples),
        ("nonFinite", layer.NonFinite),
    ];
}
