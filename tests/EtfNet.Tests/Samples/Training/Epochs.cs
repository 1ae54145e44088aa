using EtfNet.Samples;

namespace EtfNet.Tests.Samples.Training;

/// <summary>Epochs as a trainer would tell them, with figures that are easy to recognize.</summary>
internal static class Epochs
{
    public static EpochResult Epoch(int number, IReadOnlyList<FixedResult>? fixedLayers = null, string? note = null) => new(
        number, Loss: 1.0 / number, LearningRate: 0.05, TrainAccuracy: (50 + number) / 100.0, TestAccuracy: (40 + number) / 100.0,
        Seconds: number,
        MonitoringSeconds: 0.1 * number,
        new ModelFootprint
        {
            TrainableParameters = 100,
            FixedParameters = 20,
            StoredParameters = 105,
            WeightBytes = 480,
            GradientBytes = 400,
            OptimizerBytes = 401,
        },
        EffectiveDepth: number == 1 ? null : 2,
        [new LayerResult("linear1", number == 1 ? null : 0.25, note), new LayerResult("head", number == 1 ? null : 0.0625, null)],
        fixedLayers ?? []);

    public static FixedResult Fixed(string layer, int epoch) => new(layer, epoch, "aligned", 20, 0.4);
}
