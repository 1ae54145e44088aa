namespace EtfNet.Benchmarks.Kernels;

/// <summary>Work on the features and labels of a batch: clouds round class centers, seen from an offset.</summary>
public abstract class KernelSubject : Subject
{
    private const double Noise = 0.7;

    /// <summary>Samples, width, classes.</summary>
    [ParamsSource(nameof(Shapes))]
    public KernelShape Shape { get; set; } = new(1, 1, 2);

    /// <summary>The shape that the targets are given for, a batch, and growth over classes and over samples.</summary>
    public virtual IEnumerable<KernelShape> Shapes =>
    [
        new(60_000, 1024, 10), new(128, 1024, 10),
        new(4096, 512, 10), new(4096, 512, 100), new(4096, 512, 1000), new(4096, 512, 10_000),
        new(1024, 512, 100), new(16_384, 512, 100), new(65_536, 512, 100),
    ];

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
            var order = randperm(Shape.Samples, generator: generator);
            var labels = arange(Shape.Samples, dtype: int64).remainder(Shape.Classes).index_select(0, order);
            var centers = randn([Shape.Classes, Shape.Width], generator: generator).index_select(0, labels);
            var features = randn([Shape.Samples, Shape.Width], generator: generator).mul_(Noise).add_(centers).add_(1);
            Statistics = new ClassStatistics(Shape.Width);
            Statistics.Add(features, labels);
            Features = Hold(features.to(Device).DetachFromDisposeScope());
            Labels = Hold(labels.to(Device).DetachFromDisposeScope());
        }
    }

    /// <summary>The means of all classes in float32, zero for absent ones.</summary>
    private protected Tensor ClassMeans()
    {
        using var scope = NewDisposeScope();
        var counts = zeros(Shape.Classes, device: Device).index_add_(0, Labels, ones(Shape.Samples, device: Device), 1);
        var sums = zeros(Shape.Classes, Shape.Width, device: Device).index_add_(0, Labels, Features, 1);
        return sums.div_(counts.clamp_min(1).unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
