using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Training;

/// <summary>The network that training steps are measured on: 784 - 10 x 1024 - 10 with batch norm and ReLU, SGD with momentum, one fixed
/// batch of 128. Where there are more classes than that, the labels change from step to step, so that all classes come.</summary>
internal sealed class TrainingRig : IDisposable
{
    public const long Batch = 128;
    public const long Width = 1024;
    public const int Classes = 10;
    private const long Inputs = 784;
    private const int Hidden = 10;

    private readonly Generator _generator = new(4);
    private readonly Device _device;
    private readonly Tensor[] _labels;
    private int _step;

    /// <param name="device">Where it trains; the CPU by default.</param>
    /// <param name="width">The hidden layers' width.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="hidden">The number of hidden layers.</param>
    public TrainingRig(Device? device = null, long width = Width, int classes = Classes, int hidden = Hidden)
    {
        _device = device ?? CPU;
        var layers = new List<(string, nn.Module<Tensor, Tensor>)>();
        for (var i = 0; i < hidden; i++)
            layers.AddRange(
                [($"fc{i}", nn.Linear(i == 0 ? Inputs : width, width)), ($"bn{i}", nn.BatchNorm1d(width)), ($"act{i}", nn.ReLU())]);
        layers.Add(("head", nn.Linear(width, classes)));
        Model = (Sequential)nn.Sequential(layers).to(_device);
        Optimizer = optim.SGD(Model.parameters(), 0.01, momentum: 0.9);
        Input = randn([Batch, Inputs], generator: _generator).to(_device);
        _labels = classes <= Batch
            ? [randint(0, classes, [Batch], dtype: ScalarType.Int64, generator: _generator).to(_device)]
            : [.. Enumerable.Range(0, (int)((classes + Batch - 1) / Batch)).Select(batch =>
                (arange(Batch, dtype: ScalarType.Int64) + batch * Batch).remainder(classes).to(_device))];
    }

    public Sequential Model { get; }

    public optim.Optimizer Optimizer { get; }

    public Tensor Input { get; }

    /// <summary>The labels of the step that is under way, or was last.</summary>
    public Tensor Labels => _labels[_step % _labels.Length];

    /// <summary>Fixes the last hidden layers as the scheduler would: aligned frames of twice the classes, calibrated on inputs.</summary>
    public TrainingRig FixLast(int layers)
    {
        // So that optimizer state and gradients exist, as they do in a training.
        Step();
        foreach (var target in LayerTarget.All(Model).Where(target => target.Name != "head").TakeLast(layers))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var inputs = randn([1024, Width], generator: _generator).to(_device).relu();
            var fit = target.Fixable.Fit(EtfFrame.Aligned(2 * Classes), inputs, target.Fixable.Map(inputs), new FrameFitOptions());
            LayerFix.Apply([LayerFix.Prepare(Model, target, fit.Etf, fit.Bias)], [(OptimizerHelper)Optimizer], keepOld: false);
            fit.Bias?.Dispose();
        }

        return this;
    }

    /// <summary>One training step; <paramref name="observe"/> runs at its end.</summary>
    public void Step(Action? observe = null)
    {
        using var scope = NewDisposeScope();
        _step++;
        Optimizer.zero_grad();
        nn.functional.cross_entropy(Model.call(Input), Labels).backward();
        Optimizer.step();
        observe?.Invoke();
    }

    /// <summary>Where the monitor's hooks sit: what ends each layer's features.</summary>
    public IEnumerable<nn.Module<Tensor, Tensor>> FeatureModules() =>
        Model.named_children().Where(child => child.name.StartsWith("act", StringComparison.Ordinal) || child.name == "head").Select(child => (nn.Module<Tensor, Tensor>)child.module);

    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
        Input.Dispose();
        foreach (var labels in _labels)
            labels.Dispose();
        _generator.Dispose();
    }
}
