using System.IO.Enumeration;
using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Trains classifiers. Runs of one seed begin with the same weights and see the same batches; a run repeats for the same seed and
/// number of threads.</summary>
/// <param name="data">What to train on and to test with.</param>
/// <param name="machine">What to compute with.</param>
/// <param name="clock">What times are taken from.</param>
public sealed class Trainer(DataSet data, Machine machine, TimeProvider clock)
{
    private const string MonitorSuffix = ".monitor";
    private const long SeedFactor = 1_000_003;

    /// <summary>As many samples tell the class means well.</summary>
    private const int MeasuredSamples = 10_000;

    /// <summary>Makes what a run needs and trains nothing: wrong options show before others have trained for hours.</summary>
    /// <exception cref="SampleException">The network does not suit the data, or has no such layer.</exception>
    /// <exception cref="ArgumentException">An option does not suit the network.</exception>
    public void Validate(TrainingRun run)
    {
        using var model = run.Network.Create(data, run.Transformer, run.Recipe.Seed);
        Prepare(model, run);
        using var optimizer = run.Recipe.CreateOptimizer(model, Rated(model, run));
        using var etf = run.Method.Method == MethodKind.Adaptive ? model.ApplyAdaptiveEtf(run.Etf, optimizer) : null;
        using var monitor = run.Method.Method == MethodKind.Watch ? new NccMonitor(model, Watching(run.Etf)) : null;
    }

    /// <summary>Trains a new network to the end of its recipe.</summary>
    /// <param name="run">Which network, and how.</param>
    /// <param name="ended">Is told each epoch.</param>
    /// <param name="progress">Is told the share of the run that is done.</param>
    /// <param name="memory">Keeps the state between epochs; null: none.</param>
    /// <param name="cancellation">Asks to stop; the batch in progress is finished first.</param>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public void Run(
        TrainingRun run, Action<EpochResult> ended, Action<double>? progress = null, TrainingMemory? memory = null,
        CancellationToken cancellation = default)
    {
        var (recipe, device) = (run.Recipe, machine.ToDevice());
        // OpenMP keeps its number of threads per calling thread, so it is set where the training runs.
        set_num_threads(machine.Threads);
        manual_seed(recipe.Seed);
        using var model = run.Network.Create(data, run.Transformer, recipe.Seed).to(device);
        Prepare(model, run);
        var atStart = model.named_modules().Where(entry => entry.module is SimplexEtfLayer)
            .Select(entry => new FixedResult(entry.name, 0, $"{((SimplexEtfLayer)entry.module).Etf.Kind}".ToLowerInvariant())).ToList();
        var rated = Rated(model, run);
        using var optimizer = recipe.CreateOptimizer(model, rated);
        using var etf = run.Method.Method == MethodKind.Adaptive ? model.ApplyAdaptiveEtf(run.Etf, optimizer) : null;
        using var monitor = run.Method.Method == MethodKind.Watch ? new NccMonitor(model, Watching(run.Etf)) : null;
        if (memory is { LoadFrom: { } path })
            Load(path);
        SetRates(run, optimizer, rated, finished: memory?.FinishedEpochs ?? 0);
        for (var epoch = 1 + (memory?.FinishedEpochs ?? 0); epoch <= recipe.Epochs; epoch++)
        {
            using var loss = zeros(1, dtype: ScalarType.Float64, device: device);
            var (start, watching, done) = (clock.GetTimestamp(), TimeSpan.Zero, 0L);
            model.train();
            foreach (var (x, y) in data.Train.Batches(recipe.BatchSize, (recipe.Seed * SeedFactor) + epoch, recipe.Mirror))
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                Step(x, y, loss);
                var before = clock.GetTimestamp();
                etf?.Observe(y);
                monitor?.Observe(y);
                watching += clock.GetElapsedTime(before);
                progress?.Invoke((epoch - 1 + ((double)(done += y.shape[0]) / data.Train.Count)) / recipe.Epochs);
            }

            var meanLoss = loss.item<double>();
            var end = clock.GetTimestamp();
            var (depth, layers, nowFixed) = EndEpoch(run, etf, monitor);
            watching += clock.GetElapsedTime(end);
            var seconds = clock.GetElapsedTime(start) - (etf is null ? watching : TimeSpan.Zero);
            SetRates(run, optimizer, rated, finished: epoch);
            var frozen = run.Method.RatedLayers.Select(layer => run.Method.RateOf(layer, epoch, recipe.Epochs))
                .Where(rate => rate.Factor == 0).Select(rate => new FixedResult(rate.Layer, rate.Since, "dense"));
            var trainAccuracy = data.Train.AccuracyOf(model);
            var test = clock.GetTimestamp();
            var testAccuracy = data.Test.AccuracyOf(model);
            var testSeconds = clock.GetElapsedTime(test).TotalSeconds;
            ended(new EpochResult(epoch, meanLoss, recipe.RateOf(epoch), trainAccuracy, testAccuracy,
                seconds.TotalSeconds, watching.TotalSeconds, model.MeasureFootprint(optimizer), depth, layers,
                [.. atStart, .. nowFixed, .. frozen], run.Method.Measures ? Measures(model) : null,
                etf?.Report.Tail?.Cut is { } cut ? new CutResult(cut.Layer, cut.Epoch) : null, testSeconds));
            memory?.Save(epoch, Save);
        }

        void Step(Tensor x, Tensor y, Tensor total)
        {
            optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(model.call(x), y);
            if (loss.requires_grad)
            {
                // Otherwise every layer is fixed and nothing is left to train.
                loss.backward();
                optimizer.step();
            }

            total.add_(loss.detach().to(ScalarType.Float64), alpha: (double)y.shape[0] / data.Train.Count);
        }

        string Save(string path)
        {
            monitor?.Save(path + MonitorSuffix);
            Action save = etf is null ? () => EtfCheckpoint.Save(path, model, optimizer) : () => EtfCheckpoint.Save(path, etf);
            save();
            return path;
        }

        void Load(string path)
        {
            monitor?.Load(path + MonitorSuffix);
            Action load = etf is null ? () => EtfCheckpoint.Load(path, model, optimizer) : () => EtfCheckpoint.Load(path, etf);
            load();
        }
    }

    /// <summary>All numbers of the library's exact report, as in <c>head: nc1</c>.</summary>
    private Dictionary<string, double> Measures(nn.Module<Tensor, Tensor> model)
    {
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
        using var report = JsonDocument.Parse(monitor.Evaluate(data.Train.Batches(MeasuredSamples).Take(1)).ToJson());
        return report.RootElement.GetProperty("layers").EnumerateArray().SelectMany(layer => layer.EnumerateObject()
            .SelectMany(one => one.Value.ValueKind == JsonValueKind.Object ? one.Value.EnumerateObject() : (IEnumerable<JsonProperty>)[one])
            .Where(entry => entry.Value.ValueKind == JsonValueKind.Number).DistinctBy(entry => entry.Name)
            .Select(entry => KeyValuePair.Create($"{layer.GetProperty("name")}: {entry.Name}", entry.Value.GetDouble()))).ToDictionary();
    }

    private static NccMonitorOptions Watching(AdaptiveEtfOptions etf) => new()
    {
        Include = etf.Include,
        FeaturePoint = etf.FeaturePoint,
        Pooling = etf.Pooling,
    };

    private static void Prepare(nn.Module<Tensor, Tensor> model, TrainingRun run)
    {
        var frame = run.Etf.Frame ?? EtfFrame.Identity;
        var all = model.named_modules().Where(entry => entry.module is Linear or Conv2d or Conv1d).Select(entry => entry.name);
        var layers = run.Method.FixFromStart is [var first] && int.TryParse(first, out var number)
            ? [.. all.Skip(number - 1)] : run.Method.FixFromStart;
        // Random frames of layers of one shape would be one frame: each layer has its own.
        if (frame.Kind is not (EtfFrameKind.Random or EtfFrameKind.DenseRandom) && layers.Count > 0)
            model.ApplyEtf(frame, [.. layers]);
        else
            layers.Index().ToList().ForEach(layer => model.ApplyEtf(frame.ForLayer(run.Recipe.Seed, layer.Index + 1), layer.Item));
        using var noGrad = no_grad();
        foreach (var (i, layer) in run.Method.BeginAsFrame.Index())
        {
            var weight = Weight(model, layer);
            var etf = SimplexEtf.Create(frame.ForLayer(run.Recipe.Seed, i + 1), weight.shape[0], weight.shape[1]);
            using var values = etf.ToTensor(weight.dtype, weight.device);
            weight.copy_(values);
        }
    }

    private static List<Parameter> Rated(nn.Module model, TrainingRun run) =>
        [.. run.Method.RatedLayers.Select(layer => Weight(model, layer))];

    private static Parameter Weight(nn.Module model, string layer) =>
        model.named_parameters().FirstOrDefault(entry => entry.name == $"{layer}.weight").parameter
            ?? throw new SampleException($"the network has no layer {layer} with a weight.");

    private static void SetRates(TrainingRun run, optim.Optimizer optimizer, IReadOnlyList<Parameter> rated, int finished)
    {
        var groups = optimizer.ParamGroups.ToList();
        groups.ForEach(group => group.LearningRate = run.Recipe.RateOf(finished + 1));
        foreach (var (i, layer) in run.Method.RatedLayers.Index())
        {
            var factor = run.Method.RateOf(layer, finished, run.Recipe.Epochs).Factor;
            groups[groups.Count - rated.Count + i].LearningRate *= factor;
            rated[i].requires_grad = factor > 0;
            if (factor == 0)
                rated[i].grad = null;
        }
    }

    private static (int? Depth, IReadOnlyList<LayerResult> Layers, IReadOnlyList<FixedResult> Fixed) EndEpoch(
        TrainingRun run, AdaptiveEtfScheduler? etf, NccMonitor? monitor)
    {
        if (monitor?.EndEpoch() is { } measured)
            return (measured.EffectiveDepth(run.Etf.Epsilon),
                [.. measured.Layers.Select(layer => new LayerResult(layer.Name, layer.NccError, null))], []);
        if (etf?.EndEpoch() is not { } report)
            return (null, [], []);
        // Other layers are watched too, but only those that may be fixed are shown beside the other methods' layers.
        var shown = report.Layers.Where(layer => run.Etf.Include.Count == 0 || run.Etf.Include.Any(
            pattern => FileSystemName.MatchesSimpleExpression(pattern, layer.Name, ignoreCase: false)));
        return (report.EffectiveDepth, [.. shown.Select(layer => new LayerResult(layer.Name, layer.NccError, NoteOf(layer)))],
        [
            .. report.FixedLayers.Select(layer => new FixedResult(
                layer.Name, layer.Epoch, $"{layer.Frame}", layer.Rank, layer.OutputError, layer.InPlaceReason)),
        ]);

        string? NoteOf(EtfLayerReport layer) => !layer.IsFixed && layer.NccError <= run.Etf.Epsilon
            && layer.Decision.Reason != LayerReason.NotACandidate ? layer.Note : null;
    }
}
