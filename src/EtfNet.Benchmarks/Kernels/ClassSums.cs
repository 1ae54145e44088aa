namespace EtfNet.Benchmarks.Kernels;

/// <summary>Counts and sums of each class's features, in float64 by the library and in float32 by the peers.</summary>
public class ClassSums() : StatisticsSubject(tracksScatter: false)
{
    /// <summary>PyTorch's <c>index_add_</c>.</summary>
    [Benchmark]
    public void IndexAdd()
    {
        using var scope = NewDisposeScope();
        zeros(Shape.Classes, Shape.Width, device: Device).index_add_(0, Labels, Features, 1);
    }

    /// <summary>A product with the one-hot labels.</summary>
    [Benchmark]
    public void OneHotProduct()
    {
        using var scope = NewDisposeScope();
        nn.functional.one_hot(Labels, Shape.Classes).to(float32).t().mm(Features);
    }

    internal override Cost CostOf(string method) =>
        new(FeatureBytes + (2 * Present * Shape.Width * sizeof(double)), (double)Shape.Samples * Shape.Width, IsDouble: true);
}
