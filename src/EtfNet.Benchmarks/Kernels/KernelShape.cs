using System.Globalization;

namespace EtfNet.Benchmarks.Kernels;

/// <summary>A batch of features: samples, width, classes.</summary>
public sealed record KernelShape(int Samples, int Width, int Classes)
{
    /// <summary>The shape that the targets are given for.</summary>
    public static KernelShape Target { get; } = new(60_000, 1024, 10);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Samples}x{Width} of {Classes}");
}
