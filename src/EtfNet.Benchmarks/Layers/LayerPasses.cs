using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Ratios;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Layers;

/// <summary>Forward, and forward with backward to the input, of every structured frame; a frozen dense layer is the baseline.</summary>
[MemoryDiagnoser]
public class LayerPasses : IDisposable
{
    private const long Batch = 128;

    private nn.Module<Tensor, Tensor>? _layer;
    private Tensor? _input;
    private Tensor? _gradient;

    /// <summary>Which layer stands in the benchmark.</summary>
    public enum Kind
    {
        /// <summary>A frozen <c>nn.Linear</c>.</summary>
        FrozenDense,

        /// <summary>The identity frame.</summary>
        Identity,

        /// <summary>An aligned frame of rank 20.</summary>
        Aligned,

        /// <summary>A structured random frame.</summary>
        Random,
    }

    /// <summary>K = d.</summary>
    [Params(1024, 4096)]
    public long Width { get; set; }

    /// <summary>The layer.</summary>
    [ParamsAllValues]
    public Kind Layer { get; set; }

    /// <summary>Makes layer, input and output gradient.</summary>
    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(2);
        using var generator = new Generator(2);
        _layer = Layer switch
        {
            Kind.Identity => new SimplexEtfLinear(Width, Width, hasBias: false),
            Kind.Aligned => new SimplexEtfLinear(LayerRatio.Aligned(Width, 20)),
            Kind.Random => new SimplexEtfLinear(Width, Width, EtfFrame.Random(1), hasBias: false),
            _ => nn.Linear(Width, Width, hasBias: false),
        };
        foreach (var parameter in _layer.parameters())
            parameter.requires_grad_(false);
        _input = randn([Batch, Width], generator: generator).requires_grad_(true);
        _gradient = randn([Batch, Width], generator: generator);
    }

    /// <summary>Without recording a gradient.</summary>
    [Benchmark]
    public void Forward()
    {
        using var still = no_grad();
        _layer!.call(_input!).Dispose();
    }

    /// <summary>A whole step.</summary>
    [Benchmark]
    public void ForwardBackward()
    {
        using var scope = NewDisposeScope();
        _layer!.call(_input!).backward([_gradient!]);
        _input!.grad = null;
    }

    /// <summary>Releases everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _layer?.Dispose();
        _input?.Dispose();
        _gradient?.Dispose();
        GC.SuppressFinalize(this);
    }
}
