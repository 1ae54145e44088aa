using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;

namespace EtfNet.Samples;

/// <summary>How a network is trained: SGD with momentum, the learning rate cut to a tenth at each milestone.</summary>
public sealed record TrainingRecipe
{
    public int Epochs { get; init; } = 21;

    public int BatchSize { get; init; } = 128;

    public double LearningRate { get; init; } = 0.05;

    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Gets the epochs after which the learning rate is cut to a tenth, ascending.</summary>
    public IReadOnlyList<int> Milestones { get; init; } = [7, 14];

    /// <summary>Gets the seed of initialization and of the order of the batches.</summary>
    public int Seed { get; init; }

    /// <summary>Gets the threads that torch computes with; results repeat for the same seed and number of threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    public Device Device { get; init; } = CPU;

    public override string ToString() =>
        $"{Epochs} epochs of SGD, batch {BatchSize}, learning rate {LearningRate}, momentum {Momentum}, weight decay {WeightDecay}, "
        + (Milestones.Count == 0 ? "no milestones" : $"milestones {string.Join(", ", Milestones)}") + $", seed {Seed}";

    internal Optimizer CreateOptimizer(nn.Module model) => SGD(model.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);

    internal LRScheduler CreateSchedule(Optimizer optimizer) => MultiStepLR(optimizer, [.. Milestones]);
}
