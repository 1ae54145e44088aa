namespace EtfNet;

/// <summary>The numbers of a layer's entry by name, those that are there.</summary>
internal static class ReportNumbers
{
    public static IEnumerable<(string Name, double Value)> Of(LayerCollapse layer) =>
        All(layer).Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!.Value));

    public static IEnumerable<(string Name, double? Value)> All(LayerCollapse layer) =>
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
