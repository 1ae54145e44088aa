using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Construction;

/// <summary>Frames found by a decomposition, from a weight that was trained for a few steps. Done on the CPU in float64; the float32
/// decomposition is the baseline.</summary>
public class FittedConstruction : Subject
{
    private const int Rank = 20;
    private const int Samples = 1024;
    private const int Classes = 10;
    private const int Steps = 20;

    private Tensor _weight = null!;
    private Tensor _inputs = null!;

    /// <summary>K = d: a decomposition takes cubic time.</summary>
    [Params(256, 512, 1024)]
    public int Width { get; set; } = 1;

    internal override string ShapeName => $"{Width}x{Width}";

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

    private protected override void Prepare()
    {
        using var generator = new Generator(4);
        using var layer = nn.Linear(Width, Width, hasBias: false);
        using var head = nn.Linear(Width, Classes);
        using var optimizer = optim.SGD(layer.parameters().Concat(head.parameters()), 0.1);
        using var scope = NewDisposeScope();
        nn.init.normal_(layer.weight, 0, 1 / Math.Sqrt(Width), generator);
        nn.init.normal_(head.weight, 0, 1 / Math.Sqrt(Width), generator);
        var labels = randint(0, Classes, [Samples], dtype: int64, generator: generator);
        var inputs = randn([Classes, Width], generator: generator).index_select(0, labels) + randn([Samples, Width], generator: generator);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            nn.functional.cross_entropy(head.call(layer.call(inputs).relu()), labels).backward();
            optimizer.step();
        }

        _weight = Hold(layer.weight.detach().clone().DetachFromDisposeScope());
        _inputs = Hold(inputs.DetachFromDisposeScope());
    }
}
