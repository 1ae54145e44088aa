using System.Text.Json;
using EtfNet.Benchmarks.Construction;
using EtfNet.Benchmarks.Kernels;
using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Training;
using EtfNet.Benchmarks.Transformer;

namespace EtfNet.Benchmarks.Paired;

/// <summary>Every ratio that <c>ratios</c> knows, in the order in which they are measured.</summary>
internal static class RatioTable
{
    private const int Fixed = 8;

    private static readonly int[] s_widths = [1024, 4096];

    private static readonly LayerKind[] s_dense = [LayerKind.FrozenDense, LayerKind.TrainableDense];

    /// <summary>A training step's, and 16, 32 and 64 MiB.</summary>
    private static readonly (int Batch, int Width)[] s_copies = [(128, 1024), (128, 4096), (4096, 1024), (8192, 1024), (16_384, 1024)];

    public static IReadOnlyList<Ratio> All { get; } =
    [
        .. Layers("identity", LayerKind.Identity),
        .. Layers("aligned", LayerKind.Aligned, Frames.Rank),
        .. Layers("random", LayerKind.Random),
        .. Convolutions("convIdentity", LayerKind.Identity),
        .. Convolutions("convAligned", LayerKind.Aligned, Frames.ConvolutionRank),
        .. Convolutions("convNearest", LayerKind.Nearest),
        new AlternatedRatio("convStep", "resNetStep", ResNetSteps.Batch, ResNet18.Widest, Frames.ConvolutionRank,
            new ResNetSteps { FixesLastStage = true }.Step, new ResNetSteps().Step),
        .. IdentityForward(),
        NearestConstruction(new FittedConstruction { Width = 1024 }),
        Construction("identityConstruction", new SeededConstruction { Width = 16384 }.Identity),
        Construction("randomConstruction", new SeededConstruction { Width = 16384 }.Random),
        Training("trainingStepFixed", new FixedLayers { Fixed = Fixed, IsWatched = true }),
        Training("trainingBytesFixed", new FixedLayers { Fixed = Fixed }) with { ComparesBytes = true },
        Overhead("nccOverhead", new NccMonitorOptions()),
        Overhead("nccOverheadEveryBatch", new NccMonitorOptions { ScoreEvery = 1 }),
        Overhead("nccOverheadAllCheap", new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap }),
        Overhead("nccOverheadAll", new NccMonitorOptions { Metrics = CollapseMetricSet.All }),
        new OverheadRatio("nccOverheadManyClasses", new NccMonitorOptions { Exclude = ["head"] },
            () => new TrainingRig(width: 512, classes: 4000, hidden: 1), Width: 512, Stride: 16),
        Evaluate("nccEvaluate", new Evaluation()),
        Evaluate("nccEvaluateAll", new Evaluation { Metrics = CollapseMetricSet.All }),
        Scoring(new NccScoring { Shape = new KernelShape(128, 1024, 10) }),
        ManyClasses(new WithinClassVariability { Shape = new KernelShape(50_000, 512, 1000) }),
        Transformer("transformerBlock", BlockKind.Etf),
        Transformer("transformerBlockUnitScale", BlockKind.EtfUnitScale),
    ];

    /// <summary>Forward and backward with an input gradient, against a dense layer, frozen and trainable.</summary>
    private static IEnumerable<AlternatedRatio> Layers(string name, LayerKind kind, int? rank = null) =>
        from width in s_widths
        let shape = new LayerShape(kind, width, 128)
        from dense in s_dense
        select new AlternatedRatio(name, JsonNamingPolicy.CamelCase.ConvertName($"{dense}"), shape.Batch, shape.Width, rank,
            new LayerPasses { Shape = shape }.ForwardBackward, new LayerPasses { Shape = shape with { Kind = dense } }.ForwardBackward);

    /// <summary>The same of 3 x 3 convolutions, against a frozen dense one.</summary>
    private static IEnumerable<AlternatedRatio> Convolutions(string name, LayerKind kind, int? rank = null) =>
        from shape in new ConvolutionPasses().Shapes
        where shape.Kind == kind
        select new AlternatedRatio(name, "frozenConvolution", shape.Batch, shape.Width, rank,
            new ConvolutionPasses { Shape = shape }.ForwardBackward,
            new ConvolutionPasses { Shape = shape with { Kind = LayerKind.FrozenDense } }.ForwardBackward);

    /// <summary>The forward pass against a copy of its input.</summary>
    private static IEnumerable<AlternatedRatio> IdentityForward() =>
        from size in s_copies
        let layer = new LayerPasses { Shape = new LayerShape(LayerKind.Identity, size.Width, size.Batch) }
        select new AlternatedRatio("identityForward", "clone", size.Batch, size.Width, null, layer.Forward, layer.CloneInput);

    private static AlternatedRatio NearestConstruction(FittedConstruction frames) =>
        new("nearestConstruction", "svd", 0, frames.Width, null, frames.Nearest, frames.SingularValues);

    /// <summary>A layer of width 16384 against a dense one of a sixteenth of its weights.</summary>
    private static AlternatedRatio Construction(string name, Action made) =>
        new(name, "dense4096Construction", 0, 16384, null, made, new SeededConstruction { Width = 4096 }.Dense);

    /// <summary>A step with eight of ten hidden layers fixed against none.</summary>
    private static AlternatedRatio Training(string name, FixedLayers layers) =>
        new(name, "trainingStepBaseline", TrainingRig.Batch, TrainingRig.Width, 2 * TrainingRig.Classes,
            layers.Step, new FixedLayers().Step);

    private static OverheadRatio Overhead(string name, NccMonitorOptions options) => new(name, options, () => new TrainingRig());

    /// <summary>The exact mode, two passes, against training on the same samples once.</summary>
    private static AlternatedRatio Evaluate(string name, Evaluation evaluation) =>
        new(name, "trainingEpoch", TrainingRig.Batch, TrainingRig.Width, null, evaluation.Evaluate, evaluation.TrainEpoch);

    private static AlternatedRatio Scoring(NccScoring scoring) =>
        new("nccScoring", "cdist", scoring.Shape.Samples, scoring.Shape.Width, null, scoring.Library, scoring.CdistArgmin);

    /// <summary>NC1 of more classes than features against its definition with two covariance matrices.</summary>
    private static AlternatedRatio ManyClasses(WithinClassVariability nc1) =>
        new("nc1ManyClasses", "twoCovariances", nc1.Shape.Samples, nc1.Shape.Width, null, nc1.Library, nc1.TwoCovariances);

    private static AlternatedRatio Transformer(string name, BlockKind kind) => new(name, "plainBlock", TransformerBlocks.Batch,
        TransformerBlocks.Width, null, new TransformerBlocks { Block = kind }.TrainingStep, new TransformerBlocks().TrainingStep);
}
