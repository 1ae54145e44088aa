using EtfNet.Benchmarks.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>Scoring a batch against ten class centers, against <c>cdist</c> and the least of each row.</summary>
internal sealed class ScoringRatio : Ratio
{
    public override string Name => "nccScoring";

    public override IEnumerable<RatioCase> Cases()
    {
        yield return new RatioCase("cdist", TrainingRig.Batch, TrainingRig.Width, null, Prepare);
    }

    private static PairedWork Prepare()
    {
        using var generator = new Generator(5);
        var features = randn([TrainingRig.Batch, TrainingRig.Width], generator: generator);
        var labels = randint(0, TrainingRig.Classes, [TrainingRig.Batch], dtype: ScalarType.Int64, generator: generator);
        var statistics = new ClassStatistics((int)TrainingRig.Width);
        statistics.Add(features, labels);
        var centers = ClassCenters.Create(statistics);
        var classes = LabelReader.Read(labels, TrainingRig.Classes);
        var means = stack([.. Enumerable.Range(0, TrainingRig.Classes).Select(c => tensor(statistics.Mean(c), ScalarType.Float32))]);
        return new PairedWork(() => NearestClassCenter.Score(FeatureRows.View(features), classes, centers), Distances, 0, features, labels, means);

        void Distances()
        {
            using var scope = NewDisposeScope();
            cdist(features, means).argmin(1);
        }
    }
}
