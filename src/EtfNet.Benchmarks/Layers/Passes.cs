using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using TorchSharp;
using static TorchSharp.torch;

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

    /// <summary>The shapes; the frozen dense layer of each width first.</summary>
    public abstract IEnumerable<LayerShape> Shapes { get; }

    private protected abstract long[] InputShape { get; }

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
        var (stored, operations) = ForwardCost();
        var forward = new Cost(sizeof(float) * ((2 * InputShape.Aggregate(1.0, (product, length) => product * length)) + stored), operations);
        if (method == nameof(Forward))
            return forward;
        // The input's gradient is the same work once more; a trained weight's a third time, and the gradient is written.
        var trained = Shape.Kind == LayerKind.TrainableDense;
        return new Cost((2 * forward.Bytes) + (trained ? sizeof(float) * stored : 0), (trained ? 3 : 2) * operations);
    }

    /// <summary>The numbers stored and the operations of a forward pass.</summary>
    private protected abstract (double Stored, double Operations) ForwardCost();

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
