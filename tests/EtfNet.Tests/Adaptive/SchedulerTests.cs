using EtfNet.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>A model with data and an optimizer, and options by which its layers are fixed at once.</summary>
public abstract class SchedulerTests : IDisposable
{
    private protected static readonly AdaptiveEtfOptions Eager =
        new() { Epsilon = 0.3, MaxOutputError = double.PositiveInfinity, MaxLossRise = double.PositiveInfinity };

    protected SchedulerTests()
    {
        manual_seed(5);
        Optimizer = optim.SGD(Model.parameters(), 0.05, momentum: 0.9);
    }

    private protected Blobs Data { get; } = new();

    private protected nn.Module<Tensor, Tensor> Model { get; } = Shapes.Make("ModuleField");

    private protected optim.Optimizer Optimizer { get; }

    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
        Data.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Step(Tensor input, Tensor labels)
    {
        Optimizer.zero_grad();
        nn.functional.cross_entropy(Model.call(input), labels).backward();
        Optimizer.step();
    }

    private protected float[] Outputs()
    {
        using var scope = NewDisposeScope();
        Model.eval();
        return Model.call(Data.Inputs).data<float>().ToArray();
    }
}
