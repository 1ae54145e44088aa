namespace EtfNet.Tests.Adaptive.History;

/// <summary>Reports made by hand: five layers whose errors fall, two of which are fixed and one of those reverted.</summary>
internal static class SampleHistory
{
    public static readonly string[] Names = ["fc1", "fc2", "fc3", "fc4", "<head> & \"co\""];

    public static EtfReport Report(int epoch, string[]? names = null)
    {
        names ??= Names;
        FixedLayer[] all = [Fix(names[^1], 6), Fix(names[1], 9)];
        var isFixed = all.Where(layer => layer.Epoch <= epoch && !(layer.Epoch == 9 && epoch >= 12)).ToList();
        return new EtfReport
        {
            Epoch = epoch,
            Layers =
            [
                .. names.Select((name, i) => new EtfLayerReport(
                    name, i == 0 && epoch == 2 ? null : Error(epoch, i), new ErrorInterval(Error(epoch, i) / 2, Error(epoch, i) * 1.5),
                    isFixed.Any(layer => layer.Name == name), new LayerDecision(name, LayerReason.NotJudged))
                {
                    Fix = isFixed.Find(layer => layer.Name == name),
                }),
            ],
            FixedLayers = isFixed,
            NewlyFixed = [.. all.Where(layer => layer.Epoch == epoch)],
            Reverted = epoch == 12 ? [names[1]] : [],
            Skipped = [new SkippedLayer("embed", "an embedding", 1000)],
            ParametersInReach = 4000,
            ParametersOutOfReach = 1000,
            EffectiveDepth = epoch < 5 ? null : 4,
        };
    }

    public static EtfHistory Of(int epochs, bool withFigures = true)
    {
        var history = new EtfHistory { Title = "MLP <on> Fashion-MNIST", Epsilon = 0.1 };
        for (var epoch = 1; epoch <= epochs; epoch++)
            history.Add(Report(epoch), withFigures ? Figures(epoch) : null);
        return history;
    }

    private static EpochFigures Figures(int epoch) => new()
    {
        Loss = 2.3 * Math.Exp(-epoch / 8.0),
        Accuracy = 1 - 0.9 * Math.Exp(-epoch / 6.0),
        Seconds = 1.5 - (epoch > 6 ? 0.25 : 0),
        Footprint = new ModelFootprint
        {
            TrainableParameters = epoch < 6 ? 1_200_000 : epoch is >= 9 and < 12 ? 600_000 : 900_000,
            FixedParameters = 300_000,
            StoredParameters = 1_200_000,
            WeightBytes = 4_800_000,
            GradientBytes = epoch < 6 ? 4_800_000 : 3_600_000,
            OptimizerBytes = epoch < 6 ? 9_600_000 : 7_200_000,
        },
    };

    private static double Error(int epoch, int layer) => 0.6 * Math.Exp(-epoch * (layer + 1) / 20.0) + 0.01 * (5 - layer);

    private static FixedLayer Fix(string name, int epoch) => new()
    {
        Name = name,
        Epoch = epoch,
        NccError = 0.05,
        Frame = new FixedFrame(EtfFrameKind.Aligned, epoch == 9),
        Rank = 31,
        OutputError = 0.125,
        ParametersFixed = 300_000,
        InPlaceReason = null,
    };
}
