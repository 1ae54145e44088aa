using TorchSharp.Modules;

namespace EtfNet.Benchmarks.Training;

/// <summary>The network that training steps are measured on: 784 - 10 x 1024 - 10 with batch norm and ReLU, SGD with momentum, one fixed
/// batch of 128. Where there are more classes than that, the labels change from step to step, so that all classes come.</summary>
internal sealed class TrainingRig : IDisposable
{
    public const int Batch = 128;
    public const int Width = 1024;
    public const int Classes = 10;
    public const int Inputs = 784;
    public const int Hidden = 10;

    private readonly Generator _generator = new(4);
    private readonly Device _device = RunSettings.Current.Device;
    private readonly Tensor[] _labels;
    private int _step;

    /// <param name="width">The hidden layers' width.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="hidden">The number of hidden layers.</param>
    public TrainingRig(int width = Width, int classes = Classes, int hidden = Hidden)
    {
        List<(string, nn.Module<Tensor, Tensor>)> layers = [];
        for (var i = 0; i < hidden; i++)
            layers.AddRange(
                [($"fc{i}", nn.Linear(i == 0 ? Inputs : width, width)), ($"bn{i}", nn.BatchNorm1d(width)), ($"act{i}", nn.ReLU())]);
        layers.Add(("head", nn.Linear(width, classes)));
        Model = (Sequential)nn.Sequential(layers).to(_device);
        Optimizer = optim.SGD(Model.parameters(), 0.01, momentum: 0.9);
        Input = randn([Batch, Inputs], generator: _generator).to(_device);
        var batches = (classes + Batch - 1) / Batch;
        _labels = [.. Enumerable.Range(0, batches).Select(batch =>
            (arange(Batch, dtype: ScalarType.Int64) + batch * Batch).remainder(classes).to(_device))];
    }

    public Sequential Model { get; }

    public optim.Optimizer Optimizer { get; }

    public Tensor Input { get; }

    /// <summary>The labels of the step that is under way, or was last.</summary>
    public Tensor Labels => _labels[_step % _labels.Length];

    /// <summary>Fixes the last hidden layers as the scheduler would: aligned frames of twice the classes, calibrated on inputs.</summary>
    public void FixLast(int layers)
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

    /// <summary>Runs an action in a forward hook of every module at which a monitor's hooks sit: what ends each layer's features.</summary>
    public void Hook(Action action)
    {
        foreach (var (name, module) in Model.named_children())
            if (name.StartsWith("act", StringComparison.Ordinal) || name == "head")
                ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, _) =>
                {
                    action();
                    return null!;
                });
    }

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
