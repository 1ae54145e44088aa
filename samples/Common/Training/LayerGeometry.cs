namespace EtfNet.Samples;

/// <summary>The geometry of the class means of one layer's features.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="SmallestCosine">The least of the pairwise cosines of the centered class means.</param>
/// <param name="MeanCosine">Their mean; -1/(K-1) for a simplex ETF of K classes.</param>
/// <param name="LargestCosine">The greatest: near 1 where two classes have fallen together.</param>
/// <param name="EffectiveRank">The exponential of the entropy of the centered means' singular values; K - 1 for a simplex ETF (Roy, Vetterli 2007).</param>
/// <param name="Nc1">Variability within classes against that between them; null where it cannot be told.</param>
/// <param name="Equinorm">Spread of the means' norms (NC2).</param>
/// <param name="Equiangularity">Distance of their angles from a simplex ETF's (NC2).</param>
/// <param name="SelfDuality">Distance of the layer's weight from the means before it (NC3); null for all but the head.</param>
public sealed record LayerGeometry(
    string Layer, double SmallestCosine, double MeanCosine, double LargestCosine, double EffectiveRank,
    double? Nc1, double? Equinorm, double? Equiangularity, double? SelfDuality);
