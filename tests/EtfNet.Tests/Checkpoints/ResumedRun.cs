using System.Security.Cryptography;
using EtfNet.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Checkpoints;

/// <summary>A training that is the same wherever it runs: one layer is fixed after epoch 5, the next after epoch 6.</summary>
internal sealed class ResumedRun : IDisposable
{
    public const string Name = "resume";

    public static readonly AdaptiveEtfOptions Options = new()
    {
        Epsilon = 0.45,
        MaxPerEpoch = 1,
        WarmupEpochs = 4,
        MaxOutputError = double.PositiveInfinity,
        MaxLossRise = double.PositiveInfinity,
    };

    private readonly Blobs _data = new(noise: 0.8);
    private readonly nn.Module<Tensor, Tensor> _model;
    private readonly optim.Optimizer _optimizer;

    public ResumedRun(string shape, string optimizer)
    {
        manual_seed(11);
        _model = Shapes.Make(shape);
        _optimizer = Create(optimizer, _model);
        Etf = _model.ApplyAdaptiveEtf(Options, _optimizer);
    }

    public AdaptiveEtfScheduler Etf { get; }

    /// <summary>Name and SHA-256 of every parameter and buffer.</summary>
    public IReadOnlyList<string> Weights =>
        [.. _model.state_dict().Select(entry => $"{entry.Key} {Convert.ToHexString(SHA256.HashData(entry.Value.bytes))}")];

    /// <summary>As a program: loads a checkpoint, trains epochs 6 to 10 and writes the weights down.</summary>
    public static int Run(string checkpoint, string output)
    {
        using var run = new ResumedRun("ModuleField", "Adam");
        EtfCheckpoint.Load(checkpoint, run.Etf);
        run.Train(6, 10);
        File.WriteAllText(output, run.Weights.Aggregate("", (text, next) => text + next + "\n"));
        return 0;
    }

    public void Train(int first, int last)
    {
        for (var epoch = first; epoch <= last; epoch++)
        {
            TrainingLoop.Epoch(_model, _optimizer, _data, Etf);
            Etf.EndEpoch();
        }
    }

    public void Dispose()
    {
        Etf.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
        _data.Dispose();
    }

    private static optim.Optimizer Create(string name, nn.Module model) => name switch
    {
        "SGD" => optim.SGD(model.parameters(), 0.02, momentum: 0.9, weight_decay: 5e-4),
        "Adam" => optim.Adam(model.parameters(), 0.005),
        "AdamW" => optim.AdamW(model.parameters(), 0.005),
        "RMSProp" => optim.RMSProp(model.parameters(), 0.002),
        "Adagrad" => optim.Adagrad(model.parameters(), 0.02),
        "ASGD" => optim.ASGD(model.parameters(), 0.05),
        "Adadelta" => optim.Adadelta(model.parameters(), 1.0),
        "Adamax" => optim.Adamax(model.parameters(), 0.005),
        "NAdam" => optim.NAdam(model.parameters(), 0.005),
        "RAdam" => optim.RAdam(model.parameters(), 0.02),
        _ => optim.Rprop(model.parameters(), 0.002),
    };
}
