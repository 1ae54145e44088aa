namespace EtfNet;

/// <summary>The numbers of a layer's entry by name, those that are there.</summary>
internal static class ReportNumbers
{
    private static readonly LayerCollapse s_empty = new() { Name = "", FeaturePoint = "" };
    private static readonly HashSet<string> s_own = [.. Own(s_empty).Select(entry => entry.Name)];

    public static IEnumerable<(string Name, double Value)> Of(LayerCollapse layer) =>
        All(layer).Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!.Value));

    public static IEnumerable<(string Name, double? Value)> All(LayerCollapse layer) =>
    [
        .. Own(layer),
        .. MeasureNames.Numbers(layer.Measures).Where(entry => !s_own.Contains(entry.Name)),
    ];

    /// <summary>The numbers that the entry has itself.</summary>
    public static IEnumerable<(string Name, double? Value)> Own(LayerCollapse layer) =>
    [
        ("nccError", layer.NccError),
        ("nccErrorLow", layer.Interval?.Low),
        ("nccErrorHigh", layer.Interval?.High),
        ("nc1", layer.Nc1),
        ("traceQuotient", layer.TraceQuotient),
        ("cdnv", layer.Cdnv),
        ("equinorm", layer.Equinorm),
        ("equiangularity", layer.Equiangularity),
        ("gramDeviation", layer.GramDeviation),
        ("selfDuality", layer.SelfDuality),
        ("nc4Mismatch", layer.Nc4Mismatch),
    ];
}
