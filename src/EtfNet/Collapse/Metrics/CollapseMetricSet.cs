namespace EtfNet;

/// <summary>Collapse measures besides the nearest-class-center error.</summary>
[Flags]
public enum CollapseMetricSet
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>From the class means alone: norms, cosines and the Gram matrix (NC2).</summary>
    Means = 1,

    /// <summary>
    /// From the within-class scatter: class-distance normalized variance (CDNV), the trace quotient and the within share (NC1).
    /// </summary>
    Variability = 2,

    /// <summary>Self-duality (NC3) of classifiers, as a whole and row by row; in a monitor, of layers whose output is the class
    /// scores.</summary>
    SelfDuality = 4,

    /// <summary>Mismatch between nearest class center and the model's own prediction (NC4).</summary>
    Agreement = 8,

    /// <summary>NC1 with the pseudo-inverse: in a monitor only in exact mode, because it needs the samples a second time.</summary>
    PseudoInverse = 16,

    /// <summary>
    /// Hyperspherical uniformity of the class means, and of the classifier's rows where <see cref="Classifier"/> is set (GNC2).
    /// </summary>
    Uniformity = 32,

    /// <summary>
    /// Effective rank of the class means, and of the classifier's rows where <see cref="Classifier"/> is set: one singular value
    /// decomposition each.
    /// </summary>
    Rank = 64,

    /// <summary>
    /// The geometry of the classifier's rows, the structure error and the global-mean logit; in a monitor, of layers whose
    /// output is the class scores.
    /// </summary>
    Classifier = 128,

    /// <summary>The error of each class and the confusion of centers; in a monitor only in exact mode.</summary>
    ClassErrors = 256,

    /// <summary>
    /// All measures that cost little: <see cref="Means"/>, <see cref="Variability"/>, <see cref="SelfDuality"/>, <see cref="Agreement"/>
    /// and <see cref="Classifier"/>.
    /// </summary>
    Cheap = Means | Variability | SelfDuality | Agreement | Classifier,

    /// <summary>All.</summary>
    All = Cheap | PseudoInverse | Uniformity | Rank | ClassErrors,
}
