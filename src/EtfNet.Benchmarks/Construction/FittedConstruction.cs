namespace EtfNet.Benchmarks.Construction;

/// <summary>Frames found by a decomposition of a weight. Done on the CPU in float64; the float32 decomposition is the baseline.</summary>
public class FittedConstruction : Subject
{
    private const int Rank = 20;
    private const int Samples = 1024;
    private const int Classes = 10;

    private Tensor _weight = null!;
    private Tensor _inputs = null!;

    /// <summary>K = d: a decomposition takes cubic time.</summary>
    [Params(256, 512, 1024)]
    public int Width { get; set; } = 1;

    /// <summary>The thin singular value decomposition of the weight, float32.</summary>
    [Benchmark(Baseline = true)]
    public void SingularValues()
    {
        using var scope = NewDisposeScope();
        linalg.svd(_weight, fullMatrices: false);
    }

    /// <summary>A dense random frame from its seed.</summary>
    [Benchmark]
    public void DenseRandom() => SimplexEtf.Create(EtfFrame.DenseRandom(1), Width, Width).ToTensor(float32, Device).Dispose();

    /// <summary>The frame nearest the weight.</summary>
    [Benchmark]
    public void Nearest() => SimplexEtf.NearestTo(_weight);

    /// <summary>The frame aligned with what the weight does to a thousand inputs.</summary>
    [Benchmark]
    public void Aligned() => SimplexEtf.AlignedTo(_weight, _inputs, Rank);

    // What is read and written; the operations of an iterative decomposition are not known beforehand.
    internal override Cost CostOf(string method) => new(2 * sizeof(float) * (double)Width * Width, 0);

    /// <summary>A weight as a layer begins with, and inputs in clouds round class centers.</summary>
    private protected override void Prepare()
    {
        using var generator = new Generator(4);
        using var scope = NewDisposeScope();
        var labels = arange(Samples, dtype: int64).remainder_(Classes);
        var centers = randn([Classes, Width], generator: generator).index_select(0, labels);
        _weight = Hold(randn([Width, Width], generator: generator).div_(Math.Sqrt(Width)).DetachFromDisposeScope());
        _inputs = Hold(randn([Samples, Width], generator: generator).add_(centers).DetachFromDisposeScope());
    }
}
