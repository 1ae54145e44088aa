namespace EtfNet.Samples;

/// <summary>Samples: inputs (count, ...) and class indices (count) in int64, on one device.</summary>
public sealed class TensorSet(Tensor inputs, Tensor labels) : IDisposable
{
    private const int EvaluationBatch = 1000;

    public Tensor Inputs { get; } = inputs;

    public Tensor Labels { get; } = labels;

    public long Count => Labels.shape[0];

    /// <summary>Batches of the samples, each sample once; both tensors live until the next batch. A last batch of one sample is left out
    /// where the order is random: batch norm cannot take it.</summary>
    /// <param name="size">Samples per batch.</param>
    /// <param name="seed">Decides a random order: another one per epoch. Null: the order of the samples.</param>
    /// <param name="mirror">Whether each image is mirrored, left to right, with a chance of one half.</param>
    /// <param name="shift">The most pixels by which each image is shifted, in each direction; zeros come in.</param>
    public IEnumerable<(Tensor X, Tensor Y)> Batches(int size, long? seed = null, bool mirror = false, int shift = 0)
    {
        if ((mirror || shift > 0) && Inputs.dim() != 4)
            throw new SampleException("--mirror and --shift are for images; leave them out, or give images by --data.");
        using var generator = new Generator((ulong)(seed ?? 0));
        using var order = seed is null ? arange(Count) : randperm(Count, generator: generator);
        for (var start = 0L; start < Count && (start == 0 || seed is null || Count - start > 1); start += size)
        {
            // No scope stays open while the caller works: what the caller makes is the caller's.
            var (x, y) = Batch(order, start, size, generator, mirror, shift);
            yield return (x, y);
            x.Dispose();
            y.Dispose();
        }
    }

    /// <summary>The share that a model classifies right, in evaluation mode and without gradients; the model's mode is restored.</summary>
    public double AccuracyOf(nn.Module<Tensor, Tensor> model) => Evaluate(model).Accuracy;

    /// <summary>The same, and the mean cross entropy.</summary>
    public (double Accuracy, double Loss) Evaluate(nn.Module<Tensor, Tensor> model)
    {
        using var noGrad = no_grad();
        var (wasTraining, right, loss) = (model.training, 0L, 0.0);
        model.eval();
        foreach (var (x, y) in Batches(EvaluationBatch))
        {
            using var scope = NewDisposeScope();
            var logits = model.call(x);
            right += logits.argmax(1).eq(y).sum().item<long>();
            loss += nn.functional.cross_entropy(logits, y, reduction: nn.Reduction.Sum).to(ScalarType.Float64).item<double>();
        }

        model.train(wasTraining);
        return ((double)right / Count, loss / Count);
    }

    /// <summary>The samples at some positions.</summary>
    public TensorSet At(Tensor positions) => new(Inputs.index_select(0, positions), Labels.index_select(0, positions));

    /// <summary>Some samples, drawn without replacement; all where there are fewer.</summary>
    public TensorSet Draw(long count, long seed)
    {
        using var generator = new Generator((ulong)seed);
        using var order = randperm(Count, generator: generator);
        using var drawn = order.narrow(0, 0, Math.Min(count, Count));
        return At(drawn);
    }

    /// <summary>The same inputs; each label is, with a given chance, drawn from all classes, its own among them.</summary>
    public TensorSet WithRandomLabels(double chance, int classes, long seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var isRandom = rand(Count, generator: generator).lt(chance);
        var random = randint(classes, [Count], dtype: ScalarType.Int64, generator: generator);
        return new TensorSet(Inputs.alias().MoveToOuterDisposeScope(), where(isRandom, random, Labels).MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }

    /// <summary>Images of bytes (count, channels, height, width), in the default type.</summary>
    /// <exception cref="SampleException">A label is out of range.</exception>
    internal static TensorSet OfImages(Tensor pixels, Tensor labels, int classes, string labelFile)
    {
        using var wrong = labels.ge(classes).nonzero();
        return wrong.shape[0] == 0 ? new TensorSet(pixels.to(get_default_dtype()), labels.to(ScalarType.Int64)) : throw new SampleException(
            $"{labelFile}: label {labels[wrong[0, 0]].item<byte>()} at {wrong[0, 0].item<long>()}; labels are 0 to {classes - 1}.");
    }

    private (Tensor X, Tensor Y) Batch(Tensor order, long start, int size, Generator generator, bool mirror, int shift)
    {
        using var scope = NewDisposeScope();
        var chosen = order.narrow(0, start, Math.Min(size, Count - start)).to(Labels.device);
        var x = Inputs.index_select(0, chosen);
        if (mirror)
            x = where(rand([x.shape[0], 1, 1, 1], generator: generator).lt(0.5).to(x.device), x.flip(-1), x);
        if (shift > 0)
            x = Shifted(x, shift, generator);
        return (x.MoveToOuterDisposeScope(), Labels.index_select(0, chosen).MoveToOuterDisposeScope());
    }

    /// <summary>Each image at a place of its own in a frame of zeros.</summary>
    private static Tensor Shifted(Tensor x, int most, Generator generator)
    {
        var (count, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
        var rows = Positions(height).view(count, 1, height, 1).expand(count, channels, height, width + (2 * most));
        var columns = Positions(width).view(count, 1, 1, width).expand(count, channels, height, width);
        return nn.functional.pad(x, [most, most, most, most]).gather(2, rows).gather(3, columns);

        Tensor Positions(long size) =>
            (arange(size) + randint((2 * most) + 1, [count, 1], dtype: ScalarType.Int64, generator: generator)).to(x.device);
    }
}
