using System.Text.Json.Serialization;
using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>What a program trains and how: enough to build the same again in another process.</summary>
internal sealed record ProgramSetting
{
    public static readonly IReadOnlyList<string> Optimizers = ["SGD", "SGDNesterov", "Adam", "AdamAmsgrad", "RMSProp", "Adagrad"];

    private static readonly EtfFrame?[] Frames = [null, EtfFrame.Identity, EtfFrame.Random(5), EtfFrame.Nearest, EtfFrame.Aligned(4)];

    public required int Seed { get; init; }

    public required string Shape { get; init; }

    public required string Optimizer { get; init; }

    /// <summary>Gets whether the optimizer is made of the query <c>model.parameters()</c> itself, or of a list of what it gives.</summary>
    public required bool IsLazy { get; init; }

    /// <summary>Gets whether weights and the rest have a group each.</summary>
    public required bool HasGroups { get; init; }

    public required bool HasGuard { get; init; }

    public required int Frame { get; init; }

    public required int MaxPerEpoch { get; init; }

    public bool IsDouble { get; init; }

    /// <summary>Gets the layers whose weight the model uses elsewhere.</summary>
    public IReadOnlyList<string> Used { get; init; } = [];

    /// <summary>Gets two layers that have one weight; empty where there are none.</summary>
    public IReadOnlyList<string> Tied { get; init; } = [];

    [JsonIgnore]
    public ScalarType Dtype => IsDouble ? ScalarType.Float64 : ScalarType.Float32;

    [JsonIgnore]
    public AdaptiveEtfOptions Options => new()
    {
        Epsilon = 0.95,
        RequireConfidence = false,
        MaxOutputError = double.PositiveInfinity,
        MaxErrorRise = double.PositiveInfinity,
        MaxLossRise = double.PositiveInfinity,
        MaxPerEpoch = MaxPerEpoch,
        Frame = Frames[Frame],
        Decision = FixDecision.Exact,
        CalibrationSamples = 64,
        Guard = HasGuard ? new FixGuardOptions { GraceEpochs = 2 } : null,
    };

    public static ProgramSetting Draw(int seed)
    {
        var random = new Random(seed);
        return new ProgramSetting
        {
            Seed = seed,
            Shape = ProgramModel.Names[seed % ProgramModel.Names.Count],
            Optimizer = Optimizers[seed / ProgramModel.Names.Count % Optimizers.Count],
            IsLazy = random.Next(2) == 0,
            HasGroups = random.Next(3) == 0,
            HasGuard = random.Next(3) == 0,
            Frame = random.Next(Frames.Length),
            MaxPerEpoch = random.Next(1, 4),
        };
    }

    public ProgramModel MakeModel()
    {
        manual_seed(Seed);
        var model = ProgramModel.Make(Shape);
        if (IsDouble)
            model.to(float64);
        foreach (var name in Used)
            model.Uses.Add(Layer(model, name).Weight);
        if (Tied.Count > 0)
            Tie(model, Tied);
        return model;
    }

    public OptimizerHelper MakeOptimizer(nn.Module model)
    {
        var weights = model.parameters().Where(parameter => !HasGroups || parameter.dim() > 1);
        var optimizer = OptimizerKinds.Make(Optimizer, IsLazy ? weights : weights.ToList());
        if (!HasGroups)
            return optimizer;
        var rest = model.parameters().Where(parameter => parameter.dim() <= 1);
        var group = (ParamGroup)Activator.CreateInstance(TorchSharpInternals.Groups(optimizer)[0].GetType())!;
        group.Parameters = IsLazy ? rest : rest.ToList();
        optimizer.add_param_group(group);
        return optimizer;
    }

    /// <summary>Gives two layers one weight, as TorchSharp's users do.</summary>
    public static void Tie(nn.Module model, IReadOnlyList<string> names) =>
        ((Linear)Layer(model, names[1]).Module).weight = Layer(model, names[0]).Weight;

    public static FixableLayer Layer(nn.Module model, string name) =>
        FixableLayer.Of(ModuleTree.Walk(model).Single(node => node.Path == name).Module)!;
}
