using EtfNet.Benchmarks.Construction;
using EtfNet.Benchmarks.Kernels;
using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Measuring;

namespace EtfNet.Benchmarks.Growth;

/// <summary>What is measured of growth: layers over width and batch, kernels over classes and samples, construction over width.</summary>
internal static class GrowthPlots
{
    private const int Batch = 128;
    private const int Width = 1024;
    private const int Features = 256;
    private const int Samples = 4096;
    private const int Classes = 100;

    /// <param name="quick">Tiny shapes, to see that it runs.</param>
    public static IReadOnlyList<GrowthPlot> All(bool quick)
    {
        var widths = quick ? Powers(64, 256) : Powers(512, 16384);
        // A dense layer of 16384 takes a gigabyte and seconds; structured ones are measured further, as they are meant for.
        var dense = quick ? Powers(64, 256) : Powers(512, 8192);
        var batches = quick ? Powers(4, 16) : Powers(64, 4096);
        var classes = quick ? Powers(4, 16) : Powers(16, 4096);
        var samples = quick ? Powers(32, 128) : Powers(1024, 65536);
        var widest = quick ? Powers(64, 256) : Powers(256, 16384);
        var (batch, width, features) = quick ? (4, 64, 16) : (Batch, Width, Features);
        return
        [
            new GrowthPlot("width", $"forward and backward of a layer, K = d, batch {batch}",
            [
                OfWidth(LayerKind.Identity, widths), OfWidth(LayerKind.Aligned, widths), OfWidth(LayerKind.Random, widths),
                OfWidth(LayerKind.FrozenDense, dense), OfWidth(LayerKind.TrainableDense, dense),
            ]),
            new GrowthPlot("batch", $"forward and backward of a layer, K = d = {width}",
            [
                OfBatch(LayerKind.Identity), OfBatch(LayerKind.Aligned), OfBatch(LayerKind.Random), OfBatch(LayerKind.FrozenDense),
            ]),
            new GrowthPlot("classes", $"{(quick ? 64 : Samples)} samples of width {features}",
            [
                OfClasses<NccScoring>("NCC scoring", nameof(NccScoring.Library)), OfClasses<NccScoring>("cdist and argmin", nameof(NccScoring.CdistArgmin)),
                OfClasses<ClassScatter>("class statistics", nameof(ClassScatter.Library)), OfClasses<CollapseMeasures>("NC2 metrics", nameof(CollapseMeasures.Means)),
            ]),
            new GrowthPlot("samples", $"width {features}, {(quick ? 4 : Classes)} classes",
            [
                OfSamples<NccScoring>("NCC scoring", nameof(NccScoring.Library)), OfSamples<ClassSums>("class sums", nameof(ClassSums.Library)),
                OfSamples<ClassScatter>("class statistics", nameof(ClassScatter.Library)),
            ]),
            new GrowthPlot("construction width", "making a layer, K = d",
            [
                OfConstruction("identity", nameof(SeededConstruction.Identity), widest), OfConstruction("random", nameof(SeededConstruction.Random), widest),
                OfConstruction("dense", nameof(SeededConstruction.Dense), quick ? widest : Powers(256, 4096)),
            ]),
        ];

        GrowthSeries OfWidth(LayerKind kind, IReadOnlyList<int> values) =>
            new(kind.ToString(), values, value => new LayerPasses { Shape = new LayerShape(kind, value, batch) }, nameof(LayerPasses.ForwardBackward));

        GrowthSeries OfBatch(LayerKind kind) =>
            new(kind.ToString(), batches, value => new LayerPasses { Shape = new LayerShape(kind, width, value) }, nameof(LayerPasses.ForwardBackward));

        GrowthSeries OfClasses<T>(string name, string method)
            where T : KernelSubject, new() =>
            new(name, classes, value => new T { Shape = new KernelShape(quick ? 64 : Samples, features, value) }, method);

        GrowthSeries OfSamples<T>(string name, string method)
            where T : KernelSubject, new() =>
            new(name, samples, value => new T { Shape = new KernelShape(value, features, quick ? 4 : Classes) }, method);

        static GrowthSeries OfConstruction(string name, string method, IReadOnlyList<int> values) =>
            new(name, values, value => new SeededConstruction { Width = value }, method);
    }

    /// <summary>Doubling from the first to the last.</summary>
    private static int[] Powers(int first, int last) => [.. Enumerable.Range(0, 31).Select(i => first << i).TakeWhile(value => value <= last && value > 0)];
}
