using EtfNet.Tests.Depth.Cuts;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Tail;

/// <summary>Where no cut is made, the report says why and the training goes on.</summary>
public sealed class TailRefusalTests
{
    [Fact]
    public void Options_OutOfRange_Throw()
    {
        foreach (var value in new[] { -0.01, 1, double.NaN })
            ((Action)(() => _ = new AdaptiveEtfOptions { TailTolerance = value })).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("TailTolerance");
        ((Action)(() => _ = new AdaptiveEtfOptions { Tail = (TailPolicy)2 })).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("Tail");
        var options = new AdaptiveEtfOptions();
        (options.Tail, options.TailTolerance).Should().Be((TailPolicy.Keep, 0.02));
        options.Should().NotBe(options with { Tail = TailPolicy.Cut }).And.NotBe(options with { TailTolerance = 0 });
    }

    [Fact]
    public void ApplyAdaptiveEtf_CutOnSeveralRanks_Throws()
    {
        using var model = TailRun.Mlp(1);
        var options = TailRun.CutOnly with { Collective = InProcessCollective.Create(1)[0] };
        model.Invoking(one => one.ApplyAdaptiveEtf(options)).Should().Throw<NotSupportedException>()
            .WithMessage("*ranks*Tail*TruncateEtf*");
        LiveSchedulers.Find(model).Should().BeNull();
    }

    [Fact]
    public void EndEpoch_NoOptimizer_KeepsTheTail()
    {
        using var run = new TailRun(TailRun.CutOnly, known: false);
        Reason(run).Should().Be(TailReason.NoOptimizer);
        run.Etf.AddOptimizer(run.Optimizer);
        run.UntilCut();
    }

    [Fact]
    public void EndEpoch_OptimizerOfTheFirstLayerOnly_KeepsTheTail()
    {
        using var data = new Blobs(512, noise: 0.6);
        using var model = TailRun.Mlp(1);
        using var optimizer = optim.SGD([.. model.parameters().Take(4)], 0.05);
        using var etf = model.ApplyAdaptiveEtf(TailRun.CutOnly with { Epsilon = 0.9, RequireConfidence = false }, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        etf.Report.Tail!.Decision.Reason.Should().Be(TailReason.NoOptimizer);
        EtfPlan.Of(model).CutNames.Should().BeEmpty();
    }

    [Fact]
    public void EndEpoch_WarmingUp_KeepsTheTail()
    {
        using var run = new TailRun(TailRun.CutOnly with { WarmupEpochs = 4 });
        for (var epoch = 0; epoch < 4; epoch++)
            run.Epoch().Tail!.Decision.Reason.Should().Be(TailReason.WarmingUp);
        run.Etf.Report.ToString().Should().Contain("tail kept: warming up for 4 epochs");
        run.Epoch().Tail!.Cut.Should().NotBeNull();
    }

    [Fact]
    public void EndEpoch_FewSamples_KeepsTheTail()
    {
        using var run = new TailRun(TailRun.CutOnly, samples: 192);
        Reason(run).Should().Be(TailReason.TooFewSamples);
        run.Etf.Report.Tail!.Note.Should().Contain("at least 100 samples").And.Contain("leaves 96");
    }

    [Fact]
    public void EndEpoch_FirstEpochAndErrorsAboveEpsilon_KeepsTheTail()
    {
        using var run = new TailRun(TailRun.CutOnly);
        run.Epoch().Tail!.Decision.Reason.Should().Be(TailReason.NotCollapsed, "the first epoch has no errors");
        using var never = new TailRun(TailRun.CutOnly with { Epsilon = 1e-9 });
        Reason(never).Should().Be(TailReason.NotCollapsed);
    }

    [Theory]
    [InlineData(true, TailReason.NotPossible)]
    [InlineData(false, TailReason.Cut)]
    public void EndEpoch_SequentialInsideAClass_IsCutWhereItsOutputIsTheModels(bool changed, TailReason reason)
    {
        using var data = new Blobs(512, noise: 0.3);
        using var model = CutModels.Wrapped(changed: changed);
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        using var etf = model.ApplyAdaptiveEtf(TailRun.CutOnly with { Include = [] }, optimizer);
        for (var epoch = 0; epoch < 5 && etf.Report.Tail!.Cut is null; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        etf.Report.Tail!.Decision.Reason.Should().Be(reason);
        if (changed)
            etf.Report.Tail.Note.Should().Contain("kept: the model cannot be cut").And.Contain("Wrapper");
        TrainingReading.RequireTraining(model, optimizer, data);
    }

    [Fact]
    public void EndEpoch_NoSequential_SaysSo()
    {
        using var data = new Blobs(512, noise: 0.3);
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        using var etf = model.ApplyAdaptiveEtf(TailRun.CutOnly with { Include = [] }, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        etf.Report.Tail!.Note.Should().Be("tail kept: the model has no Sequential: build it from one to have it cut");
    }

    [Fact]
    public void EndEpoch_TaskThatNeedsTheDepth_KeepsTheTailAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        // Class by the parity of four signs: no linear head on the inputs, or on what one small layer gives, tells it.
        var inputs = randn(1024, Blobs.Width, generator: generator);
        var labels = inputs.narrow(1, 0, 4).sign().prod(1).gt(0).to(int64);
        var (kept, epochs, _) = Train(TailPolicy.Keep, 30);
        var (tried, _, report) = Train(TailPolicy.Cut, epochs);

        epochs.Should().BeLessThan(30, "the network learns the task");
        report.Tail!.Decision.Reason.Should().Be(TailReason.CostAboveLimit);
        report.Tail.Note.Should().Contain("of accuracy, more than 0.0050");
        tried.Should().Equal(kept, "a refused trial leaves no trace");

        (IReadOnlyList<string> Bytes, int Epochs, EtfReport Report) Train(TailPolicy tail, int most)
        {
            using var model = TailRun.Mlp(2);
            using var optimizer = optim.Adam(model.parameters(), 0.005);
            using var etf = model.ApplyAdaptiveEtf(
                TailRun.CutOnly with { Epsilon = 0.95, RequireConfidence = false, Tail = tail, TailTolerance = 0.005 }, optimizer);
            for (var epoch = 1; ; epoch++)
            {
                model.train();
                for (var start = 0; start < 1024; start += 64)
                {
                    using var step = NewDisposeScope();
                    optimizer.zero_grad();
                    nn.functional.cross_entropy(model.call(inputs.narrow(0, start, 64)), labels.narrow(0, start, 64)).backward();
                    optimizer.step();
                    etf.Observe(labels.narrow(0, start, 64));
                }

                var report = etf.EndEpoch();
                if (epoch == most || (tail == TailPolicy.Keep && report["head"].NccError < 0.3))
                    return (ModelBytes.Of(model), epoch, report);
            }
        }
    }

    private static TailReason Reason(TailRun run)
    {
        for (var epoch = 0; epoch < 4; epoch++)
            run.Epoch();
        run.Layers.Should().Be(TailRun.HiddenLayers + 1);
        return run.Etf.Report.Tail!.Decision.Reason;
    }
}
