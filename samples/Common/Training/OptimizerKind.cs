namespace EtfNet.Samples;

/// <summary>The optimizers of <see cref="TrainingRecipe"/>.</summary>
public enum OptimizerKind
{
    Sgd,
    AdamW,
}
