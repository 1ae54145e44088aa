using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Construction;

/// <summary>Making frames and layers; the dense layer is the baseline.</summary>
[MemoryDiagnoser]
public class FrameConstruction : IDisposable
{
    private Tensor? _matrix;

    /// <summary>K = d.</summary>
    [Params(256, 1024)]
    public long Width { get; set; }

    /// <summary>Makes the matrix to follow.</summary>
    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(2);
        using var generator = new Generator(1);
        _matrix = randn([Width, Width], generator: generator);
    }

    /// <summary>A dense layer with fresh weights.</summary>
    [Benchmark(Baseline = true)]
    public void Dense() => nn.Linear(Width, Width, hasBias: false).Dispose();

    /// <summary>A layer of the identity frame.</summary>
    [Benchmark]
    public void Identity() => new SimplexEtfLinear(Width, Width, EtfFrame.Identity, hasBias: false).Dispose();

    /// <summary>A layer of a structured random frame.</summary>
    [Benchmark]
    public void Random() => new SimplexEtfLinear(Width, Width, EtfFrame.Random(1), hasBias: false).Dispose();

    /// <summary>A dense random matrix from its seed.</summary>
    [Benchmark]
    public void DenseRandom() => SimplexEtf.Create(EtfFrame.DenseRandom(1), Width, Width).ToTensor().Dispose();

    /// <summary>The frame nearest a matrix.</summary>
    [Benchmark]
    public SimplexEtf Nearest() => SimplexEtf.NearestTo(_matrix!);

    /// <summary>The one decomposition that the nearest frame needs.</summary>
    [Benchmark]
    public void SingularValues()
    {
        using var scope = NewDisposeScope();
        linalg.svd(_matrix!, fullMatrices: false);
    }

    /// <summary>Releases the matrix.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _matrix?.Dispose();
        GC.SuppressFinalize(this);
    }
}
