using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Setup;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Kernels;

/// <summary>Work on the features and labels of a batch: clouds round class centers, seen from an offset.</summary>
public abstract class KernelSubject : Subject
{
    private const double Noise = 0.7;

    // Some PyTorch builds have the slowest of all linear-algebra libraries: beyond this a sample of theirs takes many seconds.
    private const double MostProducts = 1e9;

    /// <summary>Samples, width, classes.</summary>
    [ParamsSource(nameof(Shapes))]
    public KernelShape Shape { get; set; } = new(1, 1, 2);

    /// <summary>The shapes, chosen and not every combination.</summary>
    public virtual IEnumerable<KernelShape> Shapes =>
    [
        KernelShape.Target,
        new(128, 1024, 10),
        new(4096, 512, 100),
        new(4096, 512, 1000),
        new(4096, 512, 10_000),
    ];

    internal override string ShapeName => Shape.ToString();

    private protected Tensor Features { get; private set; } = null!;

    private protected Tensor Labels { get; private set; } = null!;

    /// <summary>The class statistics of this very batch; on the CPU.</summary>
    private protected ClassStatistics Statistics { get; private set; } = null!;

    /// <summary>The classes that a batch can have a sample of.</summary>
    private protected double Present => Math.Min(Shape.Classes, Shape.Samples);

    private protected double FeatureBytes => (double)Shape.Samples * ((Shape.Width * sizeof(float)) + sizeof(long));

    private protected override void Prepare()
    {
        using var generator = new Generator(7);
        using (NewDisposeScope())
        {
            var labels = arange(Shape.Samples, dtype: int64).remainder(Shape.Classes).index_select(0, randperm(Shape.Samples, generator: generator));
            var centers = randn([Shape.Classes, Shape.Width], generator: generator);
            var features = randn([Shape.Samples, Shape.Width], generator: generator).mul_(Noise).add_(centers.index_select(0, labels)).add_(1);
            Statistics = new ClassStatistics(Shape.Width);
            Statistics.Add(features, labels);
            Features = features.to(Device).DetachFromDisposeScope();
            Labels = labels.to(Device).DetachFromDisposeScope();
        }

        Hold(Features);
        Hold(Labels);
    }

    /// <summary>The means of all classes in float32, zero for absent ones, on the device.</summary>
    private protected Tensor CenterTensor()
    {
        using var scope = NewDisposeScope();
        var means = new float[(long)Shape.Classes * Shape.Width];
        for (var c = 0; c < Statistics.ClassCount; c++)
            foreach (var (i, value) in Statistics.Mean(c).Index())
                means[((long)c * Shape.Width) + i] = (float)value;
        return Hold(tensor(means, Shape.Classes, Shape.Width).to(Device).DetachFromDisposeScope());
    }

    /// <summary>The sums that the library keeps where the features are on a device.</summary>
    private protected DeviceSums Sums(CollapseMetricSet metrics) => Hold(new DeviceSums(Shape.Width, Shape.Classes, Device, new NccMonitorOptions { Metrics = metrics }));

    /// <summary>The works whose cost is a product of features and classes, where that is affordable.</summary>
    private protected IEnumerable<PeerWork> Products(params string[] works) =>
        (double)Shape.Samples * Shape.Width * Shape.Classes <= MostProducts ? works.Select(Peer) : [];

    private protected PeerWork Peer(string work) => new(work, "Library", ("samples", Shape.Samples), ("width", Shape.Width), ("classes", Shape.Classes));

    private protected static bool IsCuda => RunSettings.Current.IsCuda;
}
