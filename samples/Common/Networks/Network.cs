using static TorchSharp.torch.nn;

namespace EtfNet.Samples;

/// <summary>A network's kind and size. Learned weights come from torch's global generator.</summary>
public sealed record Network
{
    private const int MostLayers = 1000;
    private const string TooDeep = "must be at most 1000";

    [Is("mlp; small (a residual network) or resnet18; transformer")] public Model Model { get; init; }

    [Is("of hidden layers or tokens, channels of the stem; by default 400 (mlp), 16 (small), 64")]
    public int? Width { get; init => field = Check.AtLeast(2, value); }

    [Is("hidden layers (mlp, by default 7) or blocks (by default 8; transformer 3)")]
    public int? Layers { get; init => field = Check.AtLeast(1, Check.That(value, value is null or <= MostLayers, TooDeep)); }

    [Is("mlp: batch norm behind each hidden layer")] public bool BatchNorm { get; init; } = true;

    [Is("residual networks: the stem's stride")] public int Stride { get; init => field = Check.AtLeast(1, value); } = 1;

    [Is("transformer: a patch's side in pixels")] public int Patch { get; init => field = Check.AtLeast(1, value); } = 4;

    [Is("transformer: attention heads")] public int Heads { get; init => field = Check.AtLeast(1, value); } = 4;

    [Is("transformer: whether feedforwards are learned; else they are frames from the start")] public bool Learned { get; init; } = true;

    internal int ActualWidth => Width ?? Model switch { Model.Mlp => 400, Model.Small => 16, _ => 64 };

    internal int ActualLayers => Layers ?? Model switch { Model.Mlp => 7, Model.Transformer => 3, _ => 8 };

    public override string ToString() => Model switch
    {
        Model.Mlp => $"{ActualLayers} hidden layers of {ActualWidth}, {(BatchNorm ? "batch norm" : "no batch norm")}",
        Model.Transformer => $"{ActualLayers} blocks of width {ActualWidth}, {Heads} heads, {(Learned ? "learned" : "fixed")} feedforwards",
        _ => $"residual network of {ActualLayers} blocks, {ActualWidth} channels in the first",
    };

    /// <summary>Builds the network for some data.</summary>
    /// <exception cref="SampleException">The data are of another kind, or sizes do not suit each other.</exception>
    public Module<Tensor, Tensor> Create(DataSet data, EtfTransformerOptions transformer, long seed)
    {
        var (shape, isText) = (data.Train.Inputs.shape, !data.Train.Inputs.is_floating_point());
        if (Model == Model.Mlp ? isText : shape.Length != 4 && !(Model == Model.Transformer && isText))
            throw new SampleException(
                $"--model {Model}".ToLowerInvariant() + $" does not take {data.Description}; take {(isText ? "transformer" : "mlp")}.");
        return Model switch
        {
            Model.Mlp => Mlp(shape[1..].Aggregate(1L, (product, size) => product * size), ActualWidth,
                ActualLayers, data.Classes.Count, BatchNorm),
            Model.Transformer => new TransformerClassifier(this, data, transformer, seed),
            _ => ResNet(shape[1], data.Classes.Count),
        };
    }

    /// <summary>Hidden layers <c>linear1</c>, <c>linear2</c>, ... and a <c>head</c>, over flattened inputs: the paper's network.</summary>
    public static Module<Tensor, Tensor> Mlp(long inputs, int width, int hiddenLayers, int classes, bool batchNorm = true)
    {
        Check.That(hiddenLayers, hiddenLayers is >= 1 and <= MostLayers, $"layers {hiddenLayers}: {TooDeep}");
        var parts = new List<(string, Module<Tensor, Tensor>)> { ("flatten", Flatten()) };
        for (var i = 1; i <= hiddenLayers; i++)
        {
            parts.Add(($"linear{i}", Linear(i == 1 ? inputs : width, width)));
            if (batchNorm)
                parts.Add(($"norm{i}", BatchNorm1d(width)));
            parts.Add(($"relu{i}", ReLU()));
        }

        return Sequential([.. parts, ("head", Linear(width, classes))]);
    }

    /// <summary>As He et al., CVPR 2016, for small images: no pooling behind the stem; the first block of each later stage halves the sides
    /// and doubles the channels.</summary>
    private Module<Tensor, Tensor> ResNet(long channels, int classes)
    {
        int[] stages = Model == Model.Small ? [2, 2, 4] : [2, 2, 2, 2];
        var strides = stages.SelectMany((blocks, stage) => Enumerable.Range(0, blocks).Select(i => stage > 0 && i == 0 ? 2 : 1));
        var width = ActualWidth;
        var parts = new List<(string, Module<Tensor, Tensor>)>
        {
            ("stem", Conv2d(channels, width, 3, stride: Stride, padding: 1, bias: false)), ("norm", BatchNorm2d(width)), ("relu", ReLU()),
        };
        foreach (var (i, stride) in strides.Take(ActualLayers).Index())
        {
            parts.Add(($"block{i + 1}", new ResidualBlock(width, width * stride, stride)));
            width *= stride;
        }

        return Sequential([.. parts, ("pool", AdaptiveAvgPool2d(1)), ("flatten", Flatten()), ("head", Linear(width, classes))]);
    }
}
