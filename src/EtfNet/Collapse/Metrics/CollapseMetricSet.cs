namespace EtfNet;

/// <summary>Which collapse metrics a report has beside the nearest-class-center error.</summary>
[Flags]
public enum CollapseMetricSet
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>From the class means alone: equinorm, equiangularity and Gram deviation (NC2).</summary>
    Means = 1,

    /// <summary>From the within-class scatter: class-distance normalized variance (CDNV) and the trace quotient.</summary>
    Variability = 2,

    /// <summary>Self-duality (NC3) of layers whose weight has a row a class.</summary>
    SelfDuality = 4,

    /// <summary>Mismatch between nearest class center and the model's own prediction (NC4).</summary>
    Agreement = 8,

    /// <summary>NC1 with the pseudo-inverse: exact mode only.</summary>
    PseudoInverse = 16,

    /// <summary>All that cost little: everything but <see cref="PseudoInverse"/>.</summary>
    Cheap = Means | Variability | SelfDuality | Agreement,

    /// <summary>All.</summary>
    All = Cheap | PseudoInverse,
}
