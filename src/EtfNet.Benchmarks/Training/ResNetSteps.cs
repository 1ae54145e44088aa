using EtfNet.Benchmarks.Layers;
using TorchSharp.Modules;

namespace EtfNet.Benchmarks.Training;

/// <summary>A training step of a <see cref="ResNet18"/> on one batch of 64 images of 32 x 32, SGD with momentum.</summary>
public class ResNetSteps : Subject
{
    internal const int Batch = 64;
    private const int Classes = 10;
    private const int Side = 32;

    private Sequential _model = null!;
    private optim.Optimizer _optimizer = null!;
    private Tensor _images = null!;
    private Tensor _labels = null!;

    /// <summary>Whether the 3 x 3 convolutions of the last stage are aligned frames; else they are trained like the others.</summary>
    [Params(false, true)]
    public bool FixesLastStage { get; set; }

    /// <summary>Forward, backward, SGD.</summary>
    [Benchmark]
    public void Step()
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        nn.functional.cross_entropy(_model.call(_images), _labels).backward();
        _optimizer.step();
    }

    private protected override void Prepare()
    {
        _model = Hold((Sequential)ResNet18.Create(Classes, FixesLastStage ? LayerKind.Aligned : LayerKind.TrainableDense).to(Device));
        _optimizer = Hold(optim.SGD(_model.parameters(), 0.01, momentum: 0.9));
        _images = Normal(4, Batch, 3, Side, Side);
        _labels = Hold(arange(Batch, dtype: ScalarType.Int64, device: Device).remainder_(Classes));
    }
}
