namespace EtfNet.Benchmarks.Layers;

/// <summary>Linear layers of K = d.</summary>
public class LayerPasses : Passes
{
    /// <summary>The widths at one batch, and the batches at one width.</summary>
    private static readonly (int Width, int Batch)[] s_sizes =
        [(512, 128), (1024, 128), (2048, 128), (4096, 128), (8192, 128), (16384, 128), (1024, 32), (1024, 512), (1024, 2048)];

    /// <summary>Where a kind takes minutes or a gigabyte, its widths end before: a nearest frame is a dense layer like any.</summary>
    public override IEnumerable<LayerShape> Shapes =>
        from size in s_sizes
        from kind in Enum.GetValues<LayerKind>()
        where size.Width <= kind switch
        {
            LayerKind.Nearest => 1024,
            LayerKind.FrozenDense or LayerKind.TrainableDense => 8192,
            _ => int.MaxValue,
        }
        select new LayerShape(kind, size.Width, size.Batch);

    private protected override long[] InputShape => [Shape.Batch, Shape.Width];

    private protected override int Patch => Shape.Width;

    private protected override int Rank => Frames.Rank;

    private protected override nn.Module<Tensor, Tensor> Create() => Frames.Linear(Shape.Kind, Shape.Width);
}
