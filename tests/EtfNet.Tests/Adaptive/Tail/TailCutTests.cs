using System.Text.Json;
using EtfNet.Tests.Depth.Cuts;
using EtfNet.Tests.Support;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Tail;

/// <summary>The tail goes while the model trains.</summary>
public sealed class TailCutTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Theory]
    [InlineData("SGD", true)]
    [InlineData("SGD", false)]
    [InlineData("Adam", true)]
    [InlineData("AdamW", false)]
    public void EndEpoch_NetworkDeeperThanItsTask_CutsTheTailAndTrainsTheHead(string kind, bool lazy)
    {
        using var run = new TailRun(TailRun.CutOnly, kind, lazy);
        var before = run.Model.parameters().Sum(parameter => parameter.NumberOfElements);
        var report = run.UntilCut();

        var cut = report.Tail!.Cut!;
        report.Tail.Decision.Should().Be(new TailDecision(TailReason.Cut) { Layer = cut.Layer, Epoch = report.Epoch });
        cut.Epoch.Should().Be(report.Epoch);
        cut.ParametersBefore.Should().Be(before);
        cut.ParametersAfter.Should().Be(run.Model.parameters().Sum(parameter => parameter.NumberOfElements)).And.BeLessThan(before);
        cut.ShareSaved.Should().Be((double)cut.ParametersSaved / before);
        cut.AccuracyAfter.Should().BeGreaterThanOrEqualTo(cut.AccuracyBefore - run.Etf.Options.TailTolerance);
        cut.Samples.Should().Be(256);
        run.Layers.Should().BeLessThan(TailRun.HiddenLayers + 1);
        EtfPlan.Of(run.Model).CutNames.Should().Equal("");

        var head = ((Linear)run.Model.children().Last()).weight!.data<float>().ToArray();
        TrainingReading.RequireTraining(run.Model, run.Optimizer, run.Data);
        run.Epoch();
        ((Linear)run.Model.children().Last()).weight!.data<float>().ToArray().Should().NotEqual(head);
        run.Accuracy.Should().BeGreaterThan(0.95);
        run.Epoch().Tail!.Cut.Should().Be(cut);
    }

    [Fact]
    public void Report_OfTheCut_SaysWhatItSaves()
    {
        using var run = new TailRun(TailRun.CutOnly);
        var events = new List<EtfCut>();
        run.Etf.ModelCut += (_, args) => events.Add(args.Cut);
        var gone = new HashSet<string>(run.Model.named_children().Select(child => child.name));
        var report = run.UntilCut();
        var cut = report.Tail!.Cut!;
        gone.ExceptWith(run.Model.named_children().Select(child => child.name));

        events.Should().Equal(cut);
        report.ToString().Should().Contain($"cut behind '{cut.Layer}' at the end of epoch {cut.Epoch}").And.Contain("parameters removed");
        gone.Should().BeSubsetOf(cut.RemovedModules);
        report.Layers.Where(layer => layer.Decision.Reason == LayerReason.CutOff).Select(layer => layer.Name)
            .Should().Equal(cut.RemovedModules.Where(name => name.StartsWith("fc", StringComparison.Ordinal) || name == "head"));
        using var json = JsonDocument.Parse(report.ToJson());
        json.RootElement.GetProperty("tail").GetProperty("cut").GetProperty("parametersAfter").GetInt64().Should().Be(cut.ParametersAfter);

        var next = run.Epoch();
        next.Layers.Select(layer => layer.Name).Should().Equal(
            run.Model.named_modules().Where(entry => entry.module is Linear).Select(entry => entry.name));
        next.Layers.Should().OnlyContain(layer => layer.Decision.Reason != LayerReason.CutOff);
        (next.ParametersInReach + next.ParametersOutOfReach).Should().Be(cut.ParametersAfter);
    }

    [Fact]
    public void Report_OfTheCut_SaysThatTheOtherLayersWait()
    {
        using var data = new Blobs(512, noise: 0.3);
        using var model = CutModels.Mlp();
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        using var etf = model.ApplyAdaptiveEtf(TailRun.CutOnly with { Include = [] }, optimizer);
        for (var epoch = 0; epoch < 6 && etf.Report.Tail!.Cut is null; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        etf.Report.Tail!.Cut!.Layer.Should().Be("0");
        etf.Report["0"].Decision.Reason.Should().Be(LayerReason.ModelChanged);
        TrainingLoop.Epoch(model, optimizer, data, etf);
        etf.EndEpoch()["0"].Decision.Reason.Should().Be(LayerReason.OutputErrorAboveLimit);
    }

    [Fact]
    public void Log_OfTheCut_HasItsNumbers()
    {
        var log = new Recorder();
        using var run = new TailRun(TailRun.CutOnly with { Logger = log });
        var cut = run.UntilCut().Tail!.Cut!;
        log.Entries.Should().ContainSingle(entry => entry.Id == 11).Which.Text.Should()
            .Contain($"cut behind layer {cut.Layer}: {cut.ParametersSaved} of {cut.ParametersBefore} parameters removed");
    }

    [Fact]
    public void History_AcrossACut_KeepsEveryLayer()
    {
        using var run = new TailRun(TailRun.CutOnly with { WarmupEpochs = 2 });
        var history = new EtfHistory();
        for (var epoch = 0; epoch < 5; epoch++)
            history.Add(run.Epoch());

        var cut = run.Etf.Report.Tail!.Cut!;
        var lines = history.ToCsv().Split("\r\n");
        lines[0].Should().Contain("cutBehind,nccError/fc1,").And.Contain("nccError/fc7");
        lines[5].Should().Contain(cut.Layer);
        lines.Take(6).Select(line => line.Split(',').Length).Distinct().Should().ContainSingle();
        history.ToJson().Should().Contain("\"parametersAfter\"");
        using var page = new MemoryStream();
        history.SaveHtml(page);
        page.Length.Should().BePositive();
    }

    [Fact]
    public void EndEpoch_FixedLayersBeforeAndBehindTheCut_ContinuesWithTheRest()
    {
        using var run = new TailRun(TailRun.FixThenCut with { WarmupEpochs = 0, TailTolerance = 0 });
        // The first epoch has no errors: what is fixed first is fixed before or after the cut, as the trial decides.
        for (var epoch = 0; epoch < 8; epoch++)
            run.Epoch();
        run.Etf.Report.Tail!.Cut.Should().NotBeNull();
        run.Etf.Report.Layers.Select(layer => layer.Name).Should()
            .OnlyContain(name => run.Model.named_modules().Any(entry => entry.name == name));
        run.Accuracy.Should().BeGreaterThan(0.9);

        run.Etf.Dispose();
        using var scope = NewDisposeScope();
        var outputs = Outputs(run);
        run.Model.MaterializeEtf();
        Outputs(run).Should().Equal(outputs, (a, b) => Math.Abs(a - b) < 1e-4);
        EtfPlan.Of(run.Model).CutNames.Should().Equal("");
    }

    [Fact]
    public void Training_WithACut_LeavesNoTensorBehind()
    {
        Cycle();
        var live = Live;
        Cycle();
        Live.Should().Be(live);

        static void Cycle()
        {
            using var run = new TailRun(TailRun.CutOnly);
            var all = run.Model.children().ToList();
            run.UntilCut();
            var after = 0L;
            for (var epoch = 0; epoch < 5; epoch++)
            {
                run.Epoch();
                if (epoch == 0)
                    after = Live;
            }

            Live.Should().Be(after, "epochs after the cut keep nothing");
            // What was cut off is the garbage collector's.
            all.ForEach(module => module.Dispose());
        }
    }

    [Fact]
    public void Keep_ReportHasNoTail()
    {
        using var run = new TailRun(TailRun.CutOnly with { Tail = TailPolicy.Keep });
        var report = run.Epoch();
        report.Tail.Should().BeNull();
        report.ToString().Should().NotContain("tail");
        report.ToJson().Should().NotContain("\"tail\"");
    }

    private static float[] Outputs(TailRun run)
    {
        run.Model.eval();
        return run.Model.call(run.Data.Inputs).data<float>().ToArray();
    }

    private sealed class Recorder : ILogger
    {
        public List<(int Id, string Text)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Entries.Add((eventId.Id, formatter(state, exception)));
    }
}
