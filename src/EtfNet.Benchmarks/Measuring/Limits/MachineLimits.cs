using EtfNet.Benchmarks.Setup;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Measuring.Limits;

/// <summary>What the machine reached in this run: copies of several sizes, and a matrix product in float32 and float64.</summary>
/// <param name="Copy">Bytes a second of copies.</param>
/// <param name="Gemm">Operations a second, float32.</param>
/// <param name="GemmDouble">Operations a second, float64.</param>
internal sealed record MachineLimits(BandwidthCurve Copy, double Gemm, double GemmDouble)
{
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(0.4);
    private static readonly Lock s_lock = new();
    private static MachineLimits? s_ofThisRun;

    /// <summary>Measured at the first call of a run.</summary>
    public static MachineLimits OfThisRun
    {
        get
        {
            lock (s_lock)
                return s_ofThisRun ??= Measure(RunSettings.Current);
        }
    }

    /// <summary>The share of the copy bandwidth at as many bytes; null where the bytes say nothing.</summary>
    public double? OfCopy(Cost cost, double milliseconds) => cost.Bytes > 0 ? cost.Bytes / Copy.At(cost.Bytes) / (milliseconds / 1e3) : null;

    /// <summary>The share of the matrix product's rate; null where the operations say nothing.</summary>
    public double? OfGemm(Cost cost, double milliseconds) =>
        cost.Operations > 0 ? cost.Operations / (cost.IsDouble ? GemmDouble : Gemm) / (milliseconds / 1e3) : null;

    /// <summary>The share of the limit that binds, that is the greater one.</summary>
    public double? OfLimit(Cost cost, double milliseconds) =>
        (OfCopy(cost, milliseconds), OfGemm(cost, milliseconds)) switch
        {
            ({ } copy, { } gemm) => Math.Max(copy, gemm),
            var (copy, gemm) => copy ?? gemm,
        };

    public static MachineLimits Measure(RunSettings settings)
    {
        settings.Apply();
        var alternation = new Alternation(s_budget, settings.Synchronize);
        var (first, last) = settings.IsCuda ? (22, 32) : (16, 28);
        List<(double, double)> points = [];
        for (var power = first; power <= last; power += 2)
        {
            using var source = ones((1L << power) / sizeof(float) / 2, device: settings.Device);
            using var target = empty_like(source);
            points.Add((1L << power, (1L << power) / alternation.Medians(() => target.copy_(source))[0] * 1e3));
        }

        var width = settings.IsCuda ? 8192 : 1024;
        return new MachineLimits(new BandwidthCurve(points), Rate(float32), Rate(float64));

        double Rate(ScalarType type)
        {
            using var a = ones(width, width, dtype: type, device: settings.Device);
            using var b = ones(width, width, dtype: type, device: settings.Device);
            return 2.0 * width * width * width / alternation.Medians(() => a.mm(b).Dispose())[0] * 1e3;
        }
    }
}
