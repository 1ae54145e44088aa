using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Optimizers;

/// <summary>Every way back with every optimizer: the weight stands where it stood, has the right state, and is trained.</summary>
public sealed class SchedulerReturnMatrixTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = TrainingLoop.Eager with { Include = ["hidden"] };

    private readonly Blobs _data = new();
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (var shape in new[] { "ModuleField", "LinearField", "Conv2dSequential", "ResidualConv", "Conv2dField" })
                // Rprop brings the loss of the convolutions to 0 within a few epochs, and nothing moves then.
                foreach (var kind in OptimizerKinds.Names
                    .Where(kind => kind != "Rprop" || !shape.Contains("Conv", StringComparison.Ordinal)))
                    foreach (var lazy in new[] { true, false })
                        cases.Add(shape, kind, lazy);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Revert_ByHand_BringsTheWeightBackWithFreshState(string shape, string kind, bool lazy)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = Make(model, kind, lazy);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");
        var before = Outputs(model);
        etf.Revert("hidden");
        Outputs(model).Zip(before).Should()
            .OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-4, "training goes on from the frame");
        using var alike = Make(model, kind, lazy);
        StateOf(optimizer, model).Should().Equal(StateOf(alike, model));
        RequireTraining(model, optimizer);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Guard_RevertsAFix_RestoresWeightAndState(string shape, string kind, bool lazy)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = Make(model, kind, lazy);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Guard = new FixGuardOptions { GraceEpochs = 1 } }, optimizer);
        var (weight, state) = ("", Array.Empty<byte>());
        for (var epoch = 0; etf.Report.FixedLayers.Count == 0; epoch++)
        {
            epoch.Should().BeLessThan(12);
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            weight = TrainingReading.Weights(model).Single(entry => entry.StartsWith("hidden.weight", StringComparison.Ordinal));
            state = StateOf(optimizer, model);
            etf.EndEpochWithLoss(1);
        }

        TrainingLoop.Epoch(model, optimizer, _data, etf);
        etf.EndEpochWithLoss(2).Reverted.Should().Equal("hidden");
        TrainingReading.Weights(model).Should().Contain(weight);
        StateOf(optimizer, model).Should().Equal(state);
        RequireTraining(model, optimizer);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void RestoreAndLoad_ToBeforeAndAfterTheFix_BringEverythingBack(string shape, string kind, bool lazy)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = Make(model, kind, lazy);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        var (trained, before) = (etf.Snapshot(), Reading(model, optimizer));
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        var (half, after) = (etf.Snapshot(), Reading(model, optimizer));
        EtfCheckpoint.Save(_folder.File("half.etf"), etf);

        etf.Restore(trained);
        Reading(model, optimizer).Should().Equal(before);
        RequireTraining(model, optimizer);
        etf.Restore(half);
        Reading(model, optimizer).Should().Equal(after);
        etf.Restore(trained);
        EtfCheckpoint.Load(_folder.File("half.etf"), etf);
        Reading(model, optimizer).Should().Equal(after);

        using var fresh = Shapes.Make(shape);
        using var other = Make(fresh, kind, lazy);
        EtfCheckpoint.Load(_folder.File("half.etf"), fresh, other);
        Reading(fresh, other).Should().Equal(after);
        TrainingLoop.Epoch(fresh, other, _data);
        TrainingLoop.Epoch(model, optimizer, _data);
        Reading(fresh, other).Should().Equal(Reading(model, optimizer));
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private static OptimizerHelper Make(nn.Module model, string kind, bool lazy) =>
        OptimizerKinds.Make(kind, lazy ? model.parameters() : model.parameters().ToList());

    private static byte[] StateOf(OptimizerHelper optimizer, nn.Module model) =>
        StateBytes.Write(OptimizerStates.Of(optimizer, model.get_parameter("hidden.weight")!)!.SaveStateDict);

    private static IReadOnlyList<string> Reading(nn.Module model, OptimizerHelper optimizer) =>
    [
        .. TrainingReading.Weights(model), .. TrainingReading.Names(optimizer, model), .. TrainingReading.State(optimizer),
        EtfPlan.Of(model).ToJson(),
    ];

    private void RequireTraining(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer)
    {
        TrainingReading.Names(optimizer, model).Should().Equal(model.named_parameters().Select(entry => "0:" + entry.name));
        TrainingReading.RequireTraining(model, optimizer, _data);
    }

    private float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        return model.call(_data.Inputs).data<float>().ToArray();
    }
}
