using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Ratios.Convolutions;
using EtfNet.Benchmarks.Ratios.Monitoring;
using EtfNet.Benchmarks.Training;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>Every ratio that the command knows.</summary>
internal static class RatioRegistry
{
    public static IReadOnlyList<Ratio> All { get; } =
    [
        new LayerRatio("identity", width => SimplexEtf.Create(EtfFrame.Identity, width, width)),
        new LayerRatio("aligned", width => LayerRatio.Aligned(width, 20), 20),
        new LayerRatio("random", width => SimplexEtf.Create(EtfFrame.Random(1), width, width)),
        new ConvolutionRatio("convIdentity", LayerKind.Identity),
        new ConvolutionRatio("convAligned", LayerKind.Aligned, ConvolutionLayers.Rank),
        new ConvolutionRatio("convNearest", LayerKind.Nearest),
        new ConvStepRatio(),
        new IdentityForwardRatio(),
        new NearestConstructionRatio(),
        new ConstructionRatio("identityConstruction", EtfFrame.Identity),
        new ConstructionRatio("randomConstruction", EtfFrame.Random(1)),
        new TrainingStepFixedRatio(),
        new TrainingBytesFixedRatio(),
        new OverheadRatio("nccOverhead", new NccMonitorOptions(), () => new TrainingRig()),
        new OverheadRatio("nccOverheadEveryBatch", new NccMonitorOptions { ScoreEvery = 1 }, () => new TrainingRig()),
        new OverheadRatio("nccOverheadAllCheap", new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap }, () => new TrainingRig()),
        new OverheadRatio("nccOverheadAll", new NccMonitorOptions { Metrics = CollapseMetricSet.All }, () => new TrainingRig()),
        new OverheadRatio(
            "nccOverheadManyClasses", new NccMonitorOptions { Exclude = ["head"] },
            () => new TrainingRig(width: 512, classes: 4000, hidden: 1), width: 512, stride: 16),
        new EvaluateRatio("nccEvaluate", new NccMonitorOptions()),
        new EvaluateRatio("nccEvaluateAll", new NccMonitorOptions { Metrics = CollapseMetricSet.All }),
        new ScoringRatio(),
        new ManyClassesRatio(),
        new TransformerBlockRatio("transformerBlock", unitScale: false),
        new TransformerBlockRatio("transformerBlockUnitScale", unitScale: true),
    ];
}
