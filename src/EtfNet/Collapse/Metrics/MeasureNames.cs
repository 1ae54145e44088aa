namespace EtfNet;

/// <summary>The measures by the names that JSON, CSV and <see cref="MissingMeasures"/> give them.</summary>
internal static class MeasureNames
{
    public static readonly string[] Variability = ["traceQuotient", "withinShare", "cdnv"];
    public static readonly string[] Shape =
        ["equinorm", "equiangularity", "cosineDeviation", "leastCosine", "greatestCosine", "gramDeviation"];
    public static readonly string[] Rank = ["effectiveRank"];
    public static readonly string[] Uniformity =
        ["distance", "distanceDeviation", "logEnergy", "logEnergyDeviation", "rieszEnergy", "rieszEnergyDeviation"];
    public static readonly string[] SelfDuality = ["selfDuality", "rowCosine", "rowCosineDeviation", "rowDistance", "rowProductDeviation"];
    public static readonly string[] Structure = ["structureError", "globalMeanLogit"];

    /// <summary>The name of a measure of the classifier's rows.</summary>
    public static string OfClassifier(string name) => $"classifier{char.ToUpperInvariant(name[0])}{name[1..]}";

    /// <summary>Every number of the measures, in the order in which they are written; null where there is none.</summary>
    public static IEnumerable<(string Name, double? Value)> Numbers(CollapseMetrics? metrics) =>
    [
        ("nccError", metrics?.NccError), ("balancedNccError", metrics?.ClassErrors?.Balanced), ("nc1", metrics?.Nc1),
        ("traceQuotient", metrics?.TraceQuotient), ("withinShare", metrics?.WithinShare), ("cdnv", metrics?.Cdnv),
        .. Numbers(metrics?.Means),
        .. Numbers(metrics?.Classifier).Select(entry => (OfClassifier(entry.Name), entry.Value)),
        .. Numbers(metrics?.Duality),
        ("nc4Mismatch", metrics?.Nc4Mismatch),
    ];

    private static IEnumerable<(string Name, double? Value)> Numbers(FrameMetrics? frame) =>
    [
        ("equinorm", frame?.Equinorm), ("equiangularity", frame?.Equiangularity), ("cosineDeviation", frame?.CosineDeviation),
        ("leastCosine", frame?.LeastCosine), ("greatestCosine", frame?.GreatestCosine), ("gramDeviation", frame?.GramDeviation),
        ("effectiveRank", frame?.EffectiveRank), ("distance", frame?.Distance), ("distanceDeviation", frame?.DistanceDeviation),
        ("logEnergy", frame?.LogEnergy), ("logEnergyDeviation", frame?.LogEnergyDeviation), ("rieszEnergy", frame?.RieszEnergy),
        ("rieszEnergyDeviation", frame?.RieszEnergyDeviation),
    ];

    private static IEnumerable<(string Name, double? Value)> Numbers(DualityMetrics? duality) =>
    [
        ("selfDuality", duality?.SelfDuality), ("rowCosine", duality?.RowCosine), ("rowCosineDeviation", duality?.RowCosineDeviation),
        ("rowDistance", duality?.RowDistance), ("rowProductDeviation", duality?.RowProductDeviation),
        ("structureError", duality?.StructureError), ("globalMeanLogit", duality?.GlobalMeanLogit),
    ];
}
