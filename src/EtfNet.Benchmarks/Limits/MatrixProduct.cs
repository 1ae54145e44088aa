namespace EtfNet.Benchmarks.Limits;

/// <summary>A square matrix product: as fast as the processor computes.</summary>
public class MatrixProduct : Subject
{
    private Tensor _factor = null!;

    /// <summary>The type of numbers.</summary>
    [Params(ScalarType.Float32, ScalarType.Float64)]
    public ScalarType Type { get; set; }

    private static int Width => IsCuda ? 8192 : 1024;

    /// <summary>Into a new tensor.</summary>
    [Benchmark]
    public void Product() => _factor.mm(_factor).Dispose();

    internal override Cost CostOf(string method) => new(0, 2.0 * Width * Width * Width, Type == ScalarType.Float64);

    private protected override void Prepare() => _factor = Hold(ones(Width, Width, dtype: Type, device: Device));
}
