using System.Text.Json.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;

namespace EtfNet.Samples;

/// <summary>How a network is trained: by SGD with momentum, the learning rate cut to a tenth at each milestone, or by AdamW, the learning rate on a cosine.</summary>
public sealed record TrainingRecipe
{
    public OptimizerKind Optimizer { get; init; }

    public int Epochs { get; init; } = 21;

    public int BatchSize { get; init; } = 128;

    public double LearningRate { get; init; } = 0.05;

    /// <summary>Gets the momentum of SGD.</summary>
    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Gets the epochs of SGD after which the learning rate is cut to a tenth, ascending.</summary>
    public IReadOnlyList<int> Milestones { get; init; } = [7, 14];

    /// <summary>Gets the epochs of AdamW in which the learning rate rises; from then on it falls to nearly 0 on half a cosine.</summary>
    public int WarmupEpochs { get; init; } = 1;

    /// <summary>Gets whether each training image is mirrored, left to right, with a chance of one half; null is no.</summary>
    public bool? Mirror { get; init; }

    /// <summary>Gets the seed of initialization and of the order of the batches.</summary>
    public int Seed { get; init; }

    /// <summary>Gets the threads that torch computes with; results repeat for the same seed and number of threads.</summary>
    [JsonIgnore]
    public int Threads { get; init; } = Environment.ProcessorCount;

    [JsonIgnore]
    public Device Device { get; init; } = CPU;

    public override string ToString() => (Optimizer == OptimizerKind.AdamW
        ? $"{Epochs} epochs of AdamW, batch {BatchSize}, learning rate {LearningRate} on a cosine after {WarmupEpochs} epochs of warm-up, weight decay {WeightDecay}"
        : $"{Epochs} epochs of SGD, batch {BatchSize}, learning rate {LearningRate}, momentum {Momentum}, weight decay {WeightDecay}, "
            + (Milestones.Count == 0 ? "no milestones" : $"milestones {string.Join(", ", Milestones)}"))
        + (Mirror == true ? ", half of the images mirrored" : "") + $", seed {Seed}";

    internal Optimizer CreateOptimizer(nn.Module model)
    {
        if (Optimizer == OptimizerKind.Sgd)
            return SGD(model.parameters(), LearningRate, Momentum, weight_decay: WeightDecay);
        // Decay is for weights that mix: it would pull factors, from 1 on, to 0.
        var decays = model.parameters().ToLookup(parameter => parameter.dim() > 1);
        return AdamW(
        [
            new AdamW.ParamGroup(decays[true], LearningRate, weight_decay: WeightDecay),
            new AdamW.ParamGroup(decays[false], LearningRate, weight_decay: 0),
        ], LearningRate);
    }

    internal LRScheduler CreateSchedule(Optimizer optimizer) =>
        Optimizer == OptimizerKind.Sgd ? MultiStepLR(optimizer, [.. Milestones]) : LambdaLR(optimizer, Cosine);

    /// <summary>The share of the learning rate in an epoch, counted from 0.</summary>
    private double Cosine(int epoch) => epoch < WarmupEpochs
        ? (epoch + 1.0) / (WarmupEpochs + 1)
        : (1 + Math.Cos(Math.PI * (epoch - WarmupEpochs) / Math.Max(1, Epochs - WarmupEpochs))) / 2;
}
