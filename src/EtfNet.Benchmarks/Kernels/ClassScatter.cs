namespace EtfNet.Benchmarks.Kernels;

/// <summary>Class statistics: counts, sums and within-class scatter in one pass, against two passes of plain operations.</summary>
public class ClassScatter() : StatisticsSubject(tracksScatter: true)
{
    /// <summary>Means by <c>index_add_</c>, then squares about them, float32.</summary>
    [Benchmark]
    public void TwoPasses()
    {
        using var scope = NewDisposeScope();
        var squares = (Features - ClassMeans().index_select(0, Labels)).square().sum([1L]);
        zeros(Shape.Classes, device: Device).index_add_(0, Labels, squares, 1);
    }

    // A difference, an addition, a multiplication and an addition each.
    internal override Cost CostOf(string method) =>
        new(FeatureBytes + (2 * Present * Shape.Width * sizeof(double)), 4.0 * Shape.Samples * Shape.Width, IsDouble: true);
}
