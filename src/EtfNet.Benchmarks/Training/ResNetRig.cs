using EtfNet.Benchmarks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Training;

/// <summary>A <see cref="ResNet18"/> and its training step on one fixed batch of 64 images of 32 x 32, SGD with momentum.</summary>
internal sealed class ResNetRig : IDisposable
{
    public const long Batch = 64;
    private const int Classes = 10;
    private const long Side = 32;

    private readonly Sequential _model;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _input;
    private readonly Tensor _labels;

    /// <param name="fixesLastStage">Whether the 3 x 3 convolutions of the last stage are aligned frames; else they are trained like the
    /// others.</param>
    /// <param name="device">Where it trains; the CPU by default.</param>
    public ResNetRig(bool fixesLastStage, Device? device = null)
    {
        using var generator = new Generator(4);
        var place = device ?? CPU;
        _model = (Sequential)ResNet18.Create(Classes, fixesLastStage ? LayerKind.Aligned : LayerKind.TrainableDense).to(place);
        _optimizer = optim.SGD(_model.parameters(), 0.01, momentum: 0.9);
        _input = randn([Batch, 3, Side, Side], generator: generator).to(place);
        _labels = randint(0, Classes, [Batch], dtype: ScalarType.Int64, generator: generator).to(place);
    }

    /// <summary>One training step.</summary>
    /// <returns>The loss before it.</returns>
    public double Step()
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(_model.call(_input), _labels);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _input.Dispose();
        _labels.Dispose();
    }
}
