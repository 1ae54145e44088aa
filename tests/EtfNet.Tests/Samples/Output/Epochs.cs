using EtfNet.Samples;

namespace EtfNet.Tests.Samples.Output;

/// <summary>Epochs as a trainer would tell them, with figures that are easy to recognize.</summary>
internal static class Epochs
{
    public static EpochResult Epoch(int number, IReadOnlyList<FixedLayer>? fixedLayers = null, IReadOnlyList<string>? notes = null) => new(
        number, Loss: 1.0 / number, LearningRate: 0.05, TrainAccuracy: (50 + number) / 100.0, TestAccuracy: (40 + number) / 100.0,
        Seconds: number, MonitoringSeconds: 0.1 * number,
        new ModelFootprint
        {
            TrainableParameters = 100,
            FixedParameters = 20,
            StoredParameters = 105,
            WeightBytes = 480,
            GradientBytes = 400,
            OptimizerBytes = 401,
        },
        new LayerStatus(
            [KeyValuePair.Create("linear1", number == 1 ? null : (double?)0.25), KeyValuePair.Create("head", number == 1 ? null : (double?)0.0625)],
            fixedLayers ?? [], EffectiveDepth: number == 1 ? null : 2, notes ?? []));

    public static FixedLayer Fixed(string layer, int epoch) => new()
    {
        Name = layer,
        Epoch = epoch,
        NccError = 0.05,
        Frame = "aligned",
        Rank = 20,
        OutputError = 0.4,
        ParametersFixed = 20,
        InPlaceReason = null,
    };
}
