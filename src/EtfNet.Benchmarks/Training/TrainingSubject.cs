using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Training;

/// <summary>A network of ten hidden layers of 1024 with batch norm, its optimizer and a batch: what training steps are measured on.</summary>
internal sealed class TrainingSubject : IDisposable
{
    public const int Width = 1024;
    public const int HiddenLayers = 10;
    public const int Batch = 128;
    public const int Classes = 10;

    private readonly Tensor _input;
    private readonly Tensor _labels;
    private AdaptiveEtfScheduler? _scheduler;

    public TrainingSubject(Device? device = null)
    {
        using var generator = new Generator(1);
        var modules = new List<(string, nn.Module<Tensor, Tensor>)>();
        for (var i = 1; i <= HiddenLayers; i++)
        {
            modules.Add(($"linear{i}", nn.Linear(i == 1 ? 784 : Width, Width)));
            modules.Add(($"norm{i}", nn.BatchNorm1d(Width)));
            modules.Add(($"relu{i}", nn.ReLU()));
        }

        modules.Add(("head", nn.Linear(Width, Classes)));
        Model = nn.Sequential(modules).to(device ?? CPU);
        Optimizer = optim.SGD(Model.parameters(), 0.01, momentum: 0.9, weight_decay: 5e-4);
        _input = randn(Batch, 784, generator: generator).to(device ?? CPU);
        _labels = randint(0, Classes, [Batch], dtype: int64, generator: generator).to(device ?? CPU);
    }

    public Sequential Model { get; }

    public optim.Optimizer Optimizer { get; }

    /// <summary>Fixes the last hidden layers as the scheduler would: aligned frames of twice the classes, calibrated on what the layers see.</summary>
    public TrainingSubject FixLast(int layers)
    {
        // So that optimizer state and gradients exist, as they do in a training.
        Step();
        foreach (var target in LayerTarget.All(Model).Where(target => target.Path != "head").TakeLast(layers))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var inputs = randn(1024, Width).relu();
            var fit = FrameFit.To(EtfFrame.Aligned(2 * Classes), target.Layer.weight, target.Layer.bias, inputs, target.Layer.forward(inputs));
            LayerFix.Commit(Model, target, fit.Etf, fit.Bias, [(OptimizerHelper)Optimizer], keepOld: false);
            fit.Bias?.Dispose();
        }

        return this;
    }

    /// <summary>From now on a scheduler watches every step, and fixes nothing.</summary>
    public TrainingSubject Watch()
    {
        _scheduler = Model.ApplyAdaptiveEtf(1e-9, Optimizer);
        return this;
    }

    public void Step()
    {
        using var scope = NewDisposeScope();
        Optimizer.zero_grad();
        nn.functional.cross_entropy(Model.call(_input), _labels).backward();
        Optimizer.step();
        _scheduler?.Observe(_labels);
    }

    public void Dispose()
    {
        _scheduler?.Dispose();
        Optimizer.Dispose();
        Model.Dispose();
        _input.Dispose();
        _labels.Dispose();
    }
}
