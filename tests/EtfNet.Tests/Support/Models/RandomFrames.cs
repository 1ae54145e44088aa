using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Shapes and frames of every kind, from a seed.</summary>
internal static class RandomFrames
{
    /// <summary>A frame of a kind and shape drawn from the seed: K below, at and one above d, and column frames.</summary>
    public static SimplexEtf Draw(int seed)
    {
        var random = new Random(seed);
        var columns = random.Next(1, 40);
        var rows = random.Next(4) switch
        {
            0 => columns,
            1 => columns + 1,
            2 => random.Next(2, columns + 2),
            _ => columns + random.Next(2, 40),
        };
        rows = Math.Max(rows, 2);
        if (rows > columns + 1 && columns < 2)
            columns = 2;
        return Of((EtfFrameKind)(seed % 5), rows, columns, seed, scale: random.NextDouble() * 3 + 0.1);
    }

    public static SimplexEtf Of(EtfFrameKind kind, long rows, long columns, int seed, double scale = 1)
    {
        using var scope = NewDisposeScope();
        switch (kind)
        {
            case EtfFrameKind.Identity:
                return SimplexEtf.Create(EtfFrame.Identity.OrColumns, rows, columns, scale);
            case EtfFrameKind.Random:
                return SimplexEtf.Create(EtfFrame.Random(seed).OrColumns, rows, columns, scale);
            case EtfFrameKind.DenseRandom:
                return SimplexEtf.Create(EtfFrame.DenseRandom(seed).OrColumns, rows, columns, scale);
            case EtfFrameKind.Nearest:
                return SimplexEtf.NearestTo(Sample.Normal(seed, rows, columns), orColumns: true).WithScale(scale);
            default:
                var shape = FrameShape.For(EtfFrame.Nearest.OrColumns, rows, columns, nameof(rows), nameof(columns));
                var rank = Math.Min(1 + seed % 6, shape.Points - 1);
                return AlignedTo(Sample.Normal(seed, rows, columns), shape, rank, seed + 1).Alignment.ToEtf(shape, scale);
        }
    }

    /// <summary>An alignment with a weight along random input directions of unequal energy, Q and Q L.</summary>
    public static (FrameAlignment Alignment, Tensor Directions, Tensor Weighted) AlignedTo(
        Tensor weight, FrameShape shape, long rank, int seed)
    {
        var width = weight.shape[1];
        var sample = Sample.Normal(seed, 3 * width + 5, width) * linspace(1, 3, width, dtype: ScalarType.Float64);
        if (shape.IsColumnFrame)
            sample -= sample.mean([1], keepdim: true);
        var directions = InputDirections.Leading(sample, 1, rank);
        var weighted = sample.t().mm(sample.mm(directions)) / sample.shape[0];
        return (FrameAlignment.Align(directions, weight.mm(weighted), shape)!, directions, weighted);
    }
}
