using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Samples ready for training: inputs (count, features...) in float32 and class indices (count) in int64, on one device.</summary>
public sealed class TensorSet(Tensor inputs, Tensor labels) : IDisposable
{
    public Tensor Inputs { get; } = inputs;

    public Tensor Labels { get; } = labels;

    public long Count => Labels.shape[0];

    /// <summary>Gets the pixels of an image's row, where the inputs are images.</summary>
    public int? RowLength { get; init; }

    /// <summary>
    /// Turns images into flat inputs (count, pixels), with the mean and standard deviation of all <em>training</em> pixels taken out of both sets.
    /// </summary>
    public static (TensorSet Train, TensorSet Test) Standardize(ImageData data, Device device)
    {
        using var scope = NewDisposeScope();
        var pixels = Flat(data.Train);
        var (std, mean) = std_mean(pixels, unbiased: false);
        return (Make(data.Train, pixels), Make(data.Test, Flat(data.Test)));

        TensorSet Make(LabeledImages images, Tensor flat)
        {
            flat.sub_(mean).div_(std);
            var labels = tensor(images.Labels, dtype: ScalarType.Byte).to(ScalarType.Int64);
            return new TensorSet(flat.to(device).MoveToOuterDisposeScope(), labels.to(device).MoveToOuterDisposeScope()) { RowLength = images.Width };
        }
    }

    /// <summary>
    /// Batches in a random order, each sample once an enumeration; both tensors live until the next batch. A last batch of a single sample is left out: batch
    /// norm cannot take it.
    /// </summary>
    /// <param name="size">Samples a batch.</param>
    /// <param name="order">Draws the order, and what is mirrored.</param>
    /// <param name="mirror">Whether each image is mirrored, left to right, with a chance of one half.</param>
    public IEnumerable<(Tensor X, Tensor Y)> Batches(int size, Generator order, bool mirror = false)
    {
        var (indices, mirrored) = Deal(order, mirror);
        using var _ = indices;
        using var __ = mirrored;
        for (var start = 0L; start < Count && (start == 0 || Count - start > 1); start += size)
        {
            using var chosen = indices.narrow(0, start, Math.Min(size, Count - start));
            using var x = mirrored is null ? Inputs.index_select(0, chosen) : Mirrored(chosen, mirrored);
            using var y = Labels.index_select(0, chosen);
            yield return (x, y);
        }
    }

    /// <summary>Brings the order to where an enumeration of <see cref="Batches"/> would leave it.</summary>
    public void SkipBatches(Generator order, bool mirror = false)
    {
        var (indices, mirrored) = Deal(order, mirror);
        indices.Dispose();
        mirrored?.Dispose();
    }

    /// <summary>A part of the set, drawn without replacement, as a set of its own.</summary>
    /// <param name="count">How many samples; all where there are fewer.</param>
    /// <param name="seed">The draw.</param>
    public TensorSet Draw(long count, int seed)
    {
        using var scope = NewDisposeScope();
        var chosen = randperm(Count, generator: new Generator((ulong)seed)).narrow(0, 0, Math.Min(count, Count)).to(Labels.device);
        return new TensorSet(Inputs.index_select(0, chosen).MoveToOuterDisposeScope(), Labels.index_select(0, chosen).MoveToOuterDisposeScope()) { RowLength = RowLength };
    }

    /// <summary>The same inputs where each label is, with a given chance, one drawn at random from all classes, its own among them.</summary>
    public TensorSet WithRandomLabels(double chance, int classes, int seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var isRandom = rand(Count, generator: generator).lt(chance).to(Labels.device);
        var random = randint(classes, new long[] { Count }, dtype: ScalarType.Int64, generator: generator).to(Labels.device);
        return new TensorSet(Inputs.alias().MoveToOuterDisposeScope(), where(isRandom, random, Labels).MoveToOuterDisposeScope()) { RowLength = RowLength };
    }

    /// <summary>How many batches of a size there are.</summary>
    public int BatchCount(int size) => (int)(Count / size) + (Count % size > 1 || Count == 1 ? 1 : 0);

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }

    private (Tensor Indices, Tensor? Mirrored) Deal(Generator order, bool mirror)
    {
        using var scope = NewDisposeScope();
        var indices = randperm(Count, generator: order).to(Labels.device).MoveToOuterDisposeScope();
        return (indices, mirror ? rand(Count, generator: order).lt(0.5).to(Labels.device).MoveToOuterDisposeScope() : null);
    }

    /// <summary>The chosen images, those of them mirrored that are to be.</summary>
    private Tensor Mirrored(Tensor chosen, Tensor mirrored)
    {
        using var scope = NewDisposeScope();
        var row = RowLength ?? throw new InvalidOperationException("Only images can be mirrored.");
        var images = Inputs.index_select(0, chosen).view(chosen.shape[0], -1, row);
        return where(mirrored.index_select(0, chosen).view(-1, 1, 1), images.flip(2), images).view(chosen.shape[0], -1).MoveToOuterDisposeScope();
    }

    private static Tensor Flat(LabeledImages images) =>
        tensor(images.Pixels, new long[] { images.Count, images.PixelsPerImage }, dtype: ScalarType.Byte).to(ScalarType.Float32);
}
