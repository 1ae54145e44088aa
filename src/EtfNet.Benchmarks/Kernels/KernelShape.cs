namespace EtfNet.Benchmarks.Kernels;

/// <summary>A batch of features: samples, width, classes.</summary>
public sealed record KernelShape(int Samples, int Width, int Classes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Samples}x{Width} of {Classes}";
}
