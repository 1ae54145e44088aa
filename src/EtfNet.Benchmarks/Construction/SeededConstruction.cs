namespace EtfNet.Benchmarks.Construction;

/// <summary>Making layers of frames that are a few bytes and a seed; a dense layer with fresh weights is the baseline.</summary>
public class SeededConstruction : Subject
{
    /// <summary>K = d.</summary>
    [Params(256, 1024, 4096, 16384)]
    public int Width { get; set; } = 1;

    /// <summary>A dense layer.</summary>
    [Benchmark(Baseline = true)]
    public void Dense() => nn.Linear(Width, Width, hasBias: false, device: Device).Dispose();

    /// <summary>A layer of the identity frame.</summary>
    [Benchmark]
    public void Identity() => Make(EtfFrame.Identity);

    /// <summary>A layer of a structured random frame.</summary>
    [Benchmark]
    public void Random() => Make(EtfFrame.Random(1));

    internal override Cost CostOf(string method) =>
        method == nameof(Dense) ? new Cost(sizeof(float) * (double)Width * Width, (double)Width * Width) : default;

    private protected override void Prepare()
    {
    }

    private void Make(EtfFrame frame) => new SimplexEtfLinear(Width, Width, frame, hasBias: false, device: Device).Dispose();
}
