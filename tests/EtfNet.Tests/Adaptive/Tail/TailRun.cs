using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Tail;

/// <summary>A training of seven hidden layers on four classes that one layer tells apart: its tail can go.</summary>
internal sealed class TailRun : IDisposable
{
    public const int HiddenLayers = 7;

    /// <summary>Cuts, and fixes nothing.</summary>
    public static readonly AdaptiveEtfOptions CutOnly = new()
    {
        Epsilon = 0.3,
        Include = ["fc1"],
        MaxOutputError = 1e-9,
        Tail = TailPolicy.Cut,
    };

    /// <summary>Fixes two layers per epoch, the latest first, and cuts later.</summary>
    public static readonly AdaptiveEtfOptions FixThenCut = TrainingLoop.Eager with { Tail = TailPolicy.Cut, WarmupEpochs = 3 };

    private readonly Blobs _data;

    public TailRun(
        AdaptiveEtfOptions options, string optimizer = "SGD", bool lazy = true, int seed = 1, int samples = 512, bool known = true)
    {
        _data = new Blobs(samples, noise: 0.6);
        Model = Mlp(seed);
        Optimizer = OptimizerKinds.Make(optimizer, lazy ? Model.parameters() : [.. Model.parameters()]);
        Etf = known ? Model.ApplyAdaptiveEtf(options, Optimizer) : Model.ApplyAdaptiveEtf(options);
    }

    public Sequential Model { get; }

    public OptimizerHelper Optimizer { get; set; }

    public AdaptiveEtfScheduler Etf { get; }

    public Blobs Data => _data;

    public int Layers => ModuleTree.Walk(Model).Count(node => LayerChoice.IsLayer(node.Module));

    public double Accuracy
    {
        get
        {
            using var scope = NewDisposeScope();
            Model.eval();
            return Model.call(_data.Inputs).argmax(1).eq(_data.Labels).to(ScalarType.Float64).mean().item<double>();
        }
    }

    /// <summary>Everything that decides how the training goes on.</summary>
    public IReadOnlyList<string> Reading =>
    [
        .. ModelBytes.Of(Model), .. TrainingReading.Names(Optimizer, Model), .. TrainingReading.State(Optimizer),
        EtfPlan.Of(Model).ToJson(),
    ];

    public static Sequential Mlp(int seed, int width = 24)
    {
        var parts = new List<(string, nn.Module<Tensor, Tensor>)>();
        for (var i = 1; i <= HiddenLayers; i++)
        {
            parts.Add(($"fc{i}", nn.Linear(i == 1 ? Blobs.Width : width, width)));
            parts.Add(($"norm{i}", nn.BatchNorm1d(width)));
            parts.Add(($"relu{i}", nn.ReLU()));
        }

        var model = nn.Sequential([.. parts, ("head", nn.Linear(width, Blobs.Classes))]);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        using var noGrad = no_grad();
        foreach (var parameter in model.parameters().Where(parameter => parameter.dim() > 1))
            parameter.normal_(0, Math.Sqrt(2.0 / parameter.shape[1]), generator: generator);
        foreach (var linear in model.children().OfType<Linear>())
            linear.bias!.zero_();
        return model;
    }

    public double Train() => TrainingLoop.Epoch(Model, Optimizer, _data, Etf);

    public EtfReport Epoch(double? loss = null)
    {
        Train();
        return loss is { } value ? Etf.EndEpochWithLoss(value) : Etf.EndEpoch();
    }

    public EtfReport UntilCut(double? loss = null, int most = 8)
    {
        for (var epoch = 0; epoch < most; epoch++)
            if (Epoch(loss).Tail?.Cut is not null)
                return Etf.Report;
        throw new InvalidOperationException($"The model was not cut: {Etf.Report}");
    }

    public void Dispose()
    {
        Etf.Dispose();
        Optimizer.Dispose();
        Model.Dispose();
        _data.Dispose();
    }
}
