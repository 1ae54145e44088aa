namespace EtfNet.Samples;

/// <summary>What a run without options uses.</summary>
internal static class Defaults
{
    public const double Epsilon = 0.10;

    /// <summary>The first hidden layer that <c>static</c> fixes, counted from 1.</summary>
    public const int FixFrom = 4;

    public const string Out = "out/FashionMnist";

    public static readonly Mlp Network = new(Width: 400, HiddenLayers: 7);

    public static readonly TrainingRecipe Recipe = new();
}
