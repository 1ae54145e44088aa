using EtfNet.Benchmarks.Construction;
using EtfNet.Benchmarks.Kernels;
using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Training;
using EtfNet.Benchmarks.Transformer;

namespace EtfNet.Benchmarks.Report;

/// <summary>What a report measures: the subjects of each section in groups that alternate.</summary>
internal static class ReportSections
{
    /// <summary>Wide enough for an aligned frame of rank 20.</summary>
    public const int TinyWidth = 64;

    private const int TinySamples = 64;

    /// <param name="quick">Tiny shapes, to see that it runs.</param>
    public static IReadOnlyList<(string Section, IReadOnlyList<IReadOnlyList<Subject>> Groups)> All(bool quick) =>
        quick
        ?
        [
            ("Construction", [[new SeededConstruction { Width = TinyWidth }]]),
            .. Kernels(quick),
            ("Layers", [[.. Layers(TinyWidth)]]),
            ("Convolutions", [.. Convolutions(quick)]),
        ]
        :
        [
            ("Construction",
            [
                .. Widths(256, 1024, 4096, 16384).Select(width => (IReadOnlyList<Subject>)[new SeededConstruction { Width = width }]),
                .. Widths(256, 1024).Select(width => (IReadOnlyList<Subject>)[new FittedConstruction { Width = width }]),
            ]),
            .. Kernels(quick),
            ("Layers", [[.. Layers(1024)], [.. Layers(4096)]]),
            ("Convolutions", [.. Convolutions(quick)]),
            ("Training", [[.. Widths(0, 2, 4, 6, 8).Select(count => new FixedLayers { Fixed = count })], [new MonitoringOverhead()]]),
            ("Transformer", [[.. Enum.GetValues<BlockKind>().Select(kind => new TransformerBlocks { Block = kind })]]),
        ];

    /// <summary>Kernels against peers, as the <c>peers</c> command has them.</summary>
    public static IReadOnlyList<(string Section, IReadOnlyList<IReadOnlyList<Subject>> Groups)> Kernels(bool quick) =>
        [("Kernels", [.. Of<ClassSums>(quick), .. Of<ClassScatter>(quick), .. Of<NccScoring>(quick), .. Of<CollapseMeasures>(quick), .. Of<WithinClassVariability>(quick)])];

    /// <summary>Every layer of a width; the frozen dense one first.</summary>
    public static IEnumerable<Subject> Layers(int width) =>
        from shape in LayerPasses.Shapes
        where shape.Width == 1024 ? width <= 1024 : width == shape.Width
        select new LayerPasses { Shape = shape with { Width = width } };

    /// <summary>Convolutions of one size in a group; the frozen dense one first.</summary>
    private static IEnumerable<IReadOnlyList<Subject>> Convolutions(bool quick) =>
        from shape in ConvolutionPasses.Shapes
        where !quick || shape.Channels == TinyWidth
        group (Subject)new ConvolutionPasses { Shape = quick ? shape with { Side = 4, Batch = 2 } : shape } by shape.Channels into same
        select (IReadOnlyList<Subject>)[.. same];

    private static IEnumerable<IReadOnlyList<Subject>> Of<T>(bool quick)
        where T : KernelSubject, new() =>
        (quick ? [new KernelShape(TinySamples, 32, 4)] : new T().Shapes).Select(shape => (IReadOnlyList<Subject>)[new T { Shape = shape }]);

    private static int[] Widths(params int[] widths) => widths;
}
