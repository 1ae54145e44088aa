using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a trial of cuts on the calibration sample showed. Nothing of the model changes.</summary>
/// <param name="Layers">The layers that the model may be cut behind within the tolerance, the shallowest first.</param>
/// <param name="AccuracyBefore">The accuracy that their heads are compared with.</param>
/// <param name="Samples">The number of samples that both are measured on.</param>
/// <param name="Refusal">Why there is no such layer; null where there is one.</param>
internal sealed record TailTrial(IReadOnlyList<DepthLayer> Layers, double AccuracyBefore, long Samples, TailDecision? Refusal)
{
    // Accuracies are quotients of whole numbers: a difference of less than one sample is rounding.
    private const double Rounding = 1e-9;

    // Half of a calibration sample has hardly more rows than a wide layer has features: a weaker penalty fits their noise.
    private const double RidgePenalty = 0.1;

    // So that half of the default tolerance, 0.01, is one sample.
    private const long FewestSamples = 100;

    // Marks rows that are not in this half, if the options have no ignore index; labels are never negative.
    private const long Unlabeled = -100;

    /// <summary>Fits heads to one half of the sample, and scores them on the other.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">The sample; it can be replayed.</param>
    /// <param name="options">The scheduler's options.</param>
    /// <param name="early">The layers that have not collapsed: the model is not cut behind them.</param>
    public static TailTrial Run(nn.Module model, InputSample inputs, AdaptiveEtfOptions options, IReadOnlyList<string> early)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var ignored = options.IgnoreIndex ?? Unlabeled;
        var (fitted, tried) = Halves([.. inputs.Labeled], ignored);
        var count = tried.Sum(batch => batch.Labels.ne(ignored).sum().item<long>());
        if (count < FewestSamples)
            return Refused(new TailDecision(TailReason.TooFewSamples) { Value = count, Limit = FewestSamples });
        try
        {
            return Judge(Measure(model, inputs, options, early, ignored, fitted, tried), options);
        }
        catch (ReplayException)
        {
            return Refused(new TailDecision(TailReason.NoReplay));
        }
        catch (ArgumentException exception)
        {
            return Refused(new TailDecision(TailReason.NotPossible) { Detail = Words.Plain(exception).TrimEnd('.') });
        }
    }

    private static DepthReport Measure(
        nn.Module model, InputSample inputs, AdaptiveEtfOptions options, IReadOnlyList<string> early, long ignored,
        List<(Tensor?[] Inputs, Tensor Labels)> fitted, List<(Tensor?[] Inputs, Tensor Labels)> tried)
    {
        using var mode = new ReplayMode(model, inputs.FrozenNorms);
        using var measurement = new DepthMeasurement(model, new DepthOptions
        {
            Exclude = early,
            RidgePenalty = RidgePenalty,
            ClassCount = options.ClassCount,
            Pooling = options.Pooling,
            IgnoreIndex = ignored,
            Logits = options.Logits,
            TokenMask = options.TokenMask,
        });
        measurement.Train(fitted, batch => inputs.Replay(batch.Inputs), batch => batch.Labels, nameof(fitted));
        measurement.Test(tried, batch => inputs.Replay(batch.Inputs), batch => batch.Labels, nameof(tried));
        return measurement.Report();
    }

    private static TailTrial Judge(DepthReport report, AdaptiveEtfOptions options)
    {
        var possible = report.Layers.Where(layer => layer is { CutObstacle: null, Head: not null, RidgeAccuracy: not null }).ToList();
        if (possible.Count == 0)
            return Refused(new TailDecision(TailReason.NotPossible) { Detail = Obstacle(report) });
        // A head as large as the tail saves nothing.
        possible.RemoveAll(layer => layer.Parameters + HeadParameters(layer.Head!) >= report.Parameters);
        if (possible.Count == 0)
            return Refused(new TailDecision(TailReason.NotPossible) { Detail = "the head would be as large as what it replaces" });
        var before = report.ModelAccuracy ?? report.Layers.Last(layer => layer.RidgeAccuracy is not null).RidgeAccuracy!.Value;
        var chosen = possible.FindAll(layer => layer.RidgeAccuracy >= before - options.TailTolerance - Rounding);
        var best = possible.MaxBy(layer => layer.RidgeAccuracy)!;
        return new TailTrial(chosen, before, best.Samples, chosen.Count > 0 ? null : new TailDecision(TailReason.CostAboveLimit)
        {
            Layer = best.Name,
            Value = before - best.RidgeAccuracy,
            Limit = options.TailTolerance,
        });
    }

    private static TailTrial Refused(TailDecision decision) => new([], 0, 0, decision);

    private static long HeadParameters(DepthHead head) => (head.Width + 1L) * head.ClassCount;

    private static string Obstacle(DepthReport report) => report.Layers is [var first, ..]
        ? $"the model cannot be cut: '{first.Name}': {first.CutObstacle ?? first.Reason ?? "it has no ridge head"}"
        : "no layer of the model was called";

    /// <summary>Every other batch; of a single one, every other row.</summary>
    private static (List<(Tensor?[] Inputs, Tensor Labels)> Fitted, List<(Tensor?[] Inputs, Tensor Labels)> Tried) Halves(
        List<(Tensor?[] Inputs, Tensor Labels)> batches, long ignored)
    {
        if (batches.Count != 1)
            return ([.. batches.Where((_, index) => index % 2 == 0)], [.. batches.Where((_, index) => index % 2 == 1)]);
        var (inputs, labels) = batches[0];
        return ([(inputs, Without(1))], [(inputs, Without(0))]);

        Tensor Without(long from)
        {
            var some = labels.to(ScalarType.Int64).clone();
            some.slice(0, Math.Min(from, some.shape[0]), some.shape[0], 2).fill_(ignored);
            return some;
        }
    }
}
