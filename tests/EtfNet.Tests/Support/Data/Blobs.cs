using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Four well separated classes of 16 features: layers collapse within an epoch or two.</summary>
internal sealed class Blobs : IDisposable
{
    public const int Classes = 4;
    public const int Width = 16;

    public Blobs(int samples = 256, double noise = 0.3, ulong seed = 1)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        var centers = randn(Classes, Width, generator: generator);
        Labels = randint(0, Classes, [samples], dtype: int64, generator: generator).DetachFromDisposeScope();
        Inputs = (centers.index_select(0, Labels) + (randn(samples, Width, generator: generator) * noise)).DetachFromDisposeScope();
    }

    public Tensor Inputs { get; }

    public Tensor Labels { get; }

    /// <summary>Batches of 32, as tensors of the caller's scope.</summary>
    public IEnumerable<(Tensor Input, Tensor Labels)> Batches(int size = 32)
    {
        for (long start = 0; start < Labels.shape[0]; start += size)
        {
            var end = Math.Min(start + size, Labels.shape[0]);
            yield return (Inputs.slice(0, start, end, 1), Labels.slice(0, start, end, 1));
        }
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }
}
