using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Labels as they came, checked in type, without the dimensions of size 1: one per sample, (B), or one per position, (B, T) or (B, H, W).
/// </summary>
internal sealed class LabelForm : IDisposable
{
    private LabelForm(Tensor flat, long[] shape, long[] given) => (Flat, Shape, Given) = (flat, shape, given);

    /// <summary>All labels in order, one dimension; an alias of what came.</summary>
    public Tensor Flat { get; }

    /// <summary>The shape without dimensions of size 1 after the first: (B, 1) is (B).</summary>
    public long[] Shape { get; }

    /// <summary>The shape as it came.</summary>
    public long[] Given { get; }

    public long Count => Flat.shape[0];

    /// <summary>Whether there is surely more than one label per sample.</summary>
    public bool ArePerPosition => Shape.Length > 1;

    /// <exception cref="ArgumentNullException">There are none.</exception>
    /// <exception cref="ArgumentException">They are no class indices.</exception>
    public static LabelForm Of(Tensor labels)
    {
        LabelReader.CheckType(labels);
        var shape = labels.shape;
        var kept = shape.Where((size, dimension) => dimension == 0 || size != 1).ToArray();
        using var noGrad = no_grad();
        using var alias = labels.detach();
        return new LabelForm(alias.reshape(-1).DetachFromDisposeScope(), kept, shape);
    }

    /// <summary>
    /// Labels <paramref name="start"/> and on in the shape in which they came, or in one dimension where the cut does not fall between
    /// samples. A view that the caller disposes.
    /// </summary>
    public Tensor Slice(long start, long count)
    {
        using var scope = NewDisposeScope();
        var part = Flat.narrow(0, start, count);
        var perSample = Shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        return (perSample > 1 && count % perSample == 0 ? part.reshape([count / perSample, .. Shape[1..]]) : part).DetachFromDisposeScope();
    }

    public void Dispose() => Flat.Dispose();
}
