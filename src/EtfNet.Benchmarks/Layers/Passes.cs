namespace EtfNet.Benchmarks.Layers;

/// <summary>Forward, and forward with backward to the input, of every frame, against frozen and trainable dense layers.</summary>
public abstract class Passes : Subject
{
    private nn.Module<Tensor, Tensor> _layer = null!;
    private Tensor[] _trained = [];
    private Tensor _plainInput = null!;
    private Tensor _input = null!;
    private Tensor _gradient = null!;

    /// <summary>The layer and the batch.</summary>
    [ParamsSource(nameof(Shapes))]
    public LayerShape Shape { get; set; } = new(LayerKind.Identity, 64, 1);

    /// <summary>The shapes.</summary>
    public abstract IEnumerable<LayerShape> Shapes { get; }

    /// <summary>Without an input gradient.</summary>
    [Benchmark(Baseline = true)]
    public void Forward() => _layer.call(_plainInput).Dispose();

    /// <summary>Forward, and backward to the input and whatever is trained.</summary>
    [Benchmark]
    public void ForwardBackward()
    {
        using var scope = NewDisposeScope();
        _layer.call(_input).backward([_gradient]);
        _input.grad = null;
        foreach (var parameter in _trained)
            parameter.grad = null;
    }

    /// <summary>A copy of the input, which moves as many bytes as a layer that stores nothing.</summary>
    internal void CloneInput() => _plainInput.clone().Dispose();

    internal override Cost CostOf(string method)
    {
        var (rows, inputs, outputs) = ((double)Shape.Batch * Shape.Side * Shape.Side, (double)Patch, (double)Shape.Width);
        var columns = Rank + 1;
        var (stored, operations) = Shape.Kind switch
        {
            LayerKind.Identity => (0, 3 * outputs),
            LayerKind.Aligned => ((inputs + outputs) * columns, 2 * (inputs + outputs) * columns),
            // Two products with factors of about the root of the width; a convolution's is a product per pixel.
            LayerKind.Random when inputs == outputs => (2 * outputs, 4 * outputs * Math.Sqrt(outputs)),
            LayerKind.Random => (outputs * outputs, 2 * outputs * outputs),
            _ => (inputs * outputs, 2 * inputs * outputs),
        };
        var moved = sizeof(float) * ((2 * rows * outputs) + stored);
        if (method == nameof(Forward))
            return new Cost(moved, rows * operations);
        // The input's gradient is the same work once more; a trained weight's a third time, and the gradient is written.
        return Shape.Kind == LayerKind.TrainableDense
            ? new Cost((2 * moved) + (sizeof(float) * stored), 3 * rows * operations)
            : new Cost(2 * moved, 2 * rows * operations);
    }

    private protected abstract long[] InputShape { get; }

    /// <summary>The numbers of the input that an output is made of.</summary>
    private protected abstract int Patch { get; }

    /// <summary>The rank of an aligned frame.</summary>
    private protected abstract int Rank { get; }

    private protected abstract nn.Module<Tensor, Tensor> Create();

    private protected override void Prepare()
    {
        _layer = Hold((nn.Module<Tensor, Tensor>)Create().to(Device));
        _trained = [.. _layer.parameters().Where(parameter => parameter.requires_grad)];
        _plainInput = Normal(2, InputShape);
        _input = Hold(_plainInput.detach().requires_grad_(true).DetachFromDisposeScope());
        _gradient = Normal(3, InputShape);
    }
}
