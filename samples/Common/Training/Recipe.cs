using TorchSharp.Modules;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>How a network is trained.</summary>
public sealed record Recipe
{
    public int Epochs { get; init => field = Check.AtLeast(1, value); } = 21;

    public int BatchSize { get; init => field = Check.AtLeast(2, value); } = 128;

    [Is("AdamW; else SGD")] public bool AdamW { get; init; }

    public double LearningRate { get; init => field = Check.That(value, value > 0 && double.IsFinite(value), "must be above 0"); } = 0.05;

    [Is("of SGD")] public double Momentum { get; init => field = Check.That(value, value is >= 0 and < 1, "must lie in [0, 1)"); } = 0.9;

    public double WeightDecay { get; init => field = Check.That(value, value is >= 0 and < 1, "must lie in [0, 1)"); } = 5e-4;

    [Is("the learning rate falls on a cosine; else it is cut to a tenth behind each milestone")] public bool Cosine { get; init; }

    [Is("epochs; by default a third and two thirds of all")]
    public IReadOnlyList<int>? Milestones { get; init => field = Check.That(value, IsAscending(value), "must ascend"); }

    [Is("epochs in which the learning rate rises first")] public int RisingEpochs { get; init => field = Check.AtLeast(0, value); }

    [Is("each training image is mirrored, left to right, with a chance of one half")] public bool Mirror { get; init; }

    [Is("the most pixels by which each training image is shifted, in each direction; zeros come in")]
    public int Shift { get; init => field = Check.AtLeast(0, value); }

    [Is("of initialization and of the order of the batches")] public int Seed { get; init => field = Check.AtLeast(0, value); }

    private IReadOnlyList<int> Steps => Milestones ?? [.. new[] { Epochs / 3, 2 * Epochs / 3 }.Where(epoch => epoch > 0).Distinct()];

    public override string ToString() => $"{Epochs} epochs of {(AdamW ? "AdamW" : $"SGD, momentum {Momentum}")}, batch {BatchSize}, "
        + $"learning rate {LearningRate}, weight decay {WeightDecay}, {(Cosine ? "on a cosine" : $"milestones {string.Join(", ", Steps)}")}"
        + (RisingEpochs > 0 ? $" after {RisingEpochs} rising epochs" : "") + (Mirror ? ", half of the images mirrored" : "")
        + (Shift > 0 ? $", shifted by up to {Shift} pixels" : "");

    private static bool IsAscending(IReadOnlyList<int>? epochs) => epochs is null || epochs.Order().Distinct().SequenceEqual(epochs);

    /// <summary>The learning rate of an epoch, counted from 1.</summary>
    internal double RateOf(int epoch) => LearningRate * (epoch <= RisingEpochs ? epoch / (RisingEpochs + 1.0)
        : Cosine ? (1 + Math.Cos(Math.PI * (epoch - 1 - RisingEpochs) / Math.Max(1, Epochs - RisingEpochs))) / 2
        : Math.Pow(0.1, Steps.Count(step => step < epoch)));

    /// <summary>Makes the optimizer; each of some weights is a parameter group of its own, behind the others.</summary>
    internal optim.Optimizer CreateOptimizer(nn.Module model, IReadOnlyList<Parameter> apart)
    {
        var rest = model.parameters().Where(one => apart.All(other => other.Handle != one.Handle)).ToLookup(one => one.dim() > 1);
        // Decay is for weights that mix: it would pull factors, from 1 on, to 0.
        return AdamW
            ? optim.AdamW([Decaying(rest[true]), Decaying(rest[false], 0), .. apart.Select(weight => Decaying([weight]))], LearningRate)
            : SGD([Group(rest[true].Concat(rest[false])), .. apart.Select(weight => Group([weight]))], LearningRate);

        SGD.ParamGroup Group(IEnumerable<Parameter> group) => new(group.ToList(), LearningRate, Momentum, weight_decay: WeightDecay);

        AdamW.ParamGroup Decaying(IEnumerable<Parameter> group, double? decay = null) =>
            new(group.ToList(), LearningRate, weight_decay: decay ?? WeightDecay);
    }
}
