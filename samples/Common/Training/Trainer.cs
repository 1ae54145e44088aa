using System.IO.Enumeration;
using TorchSharp.Modules;

namespace EtfNet.Samples;

/// <summary>Trains a new network, epoch after epoch. Trainings of one seed begin with the same weights and see the same batches; a
/// training repeats for the same seed and number of threads.</summary>
public sealed class Trainer : IDisposable
{
    private const string MonitorSuffix = ".monitor";
    private const long SeedFactor = 1_000_003;

    /// <summary>As many samples tell the class means well.</summary>
    private const int MeasuredSamples = 10_000;

    private readonly TrainingRun _run;
    private readonly DataSet _data;
    private readonly TimeProvider _clock;
    private readonly Module _model;
    private readonly IReadOnlyList<FixedResult> _atStart;
    private readonly IReadOnlyList<Parameter> _rated;
    private readonly optim.Optimizer _optimizer;
    private readonly AdaptiveEtfScheduler? _etf;
    private readonly NccMonitor? _monitor;

    /// <summary>Makes all that a training needs, so that wrong options show before others have trained for hours.</summary>
    /// <param name="run">Which network, and how.</param>
    /// <param name="data">What to train on and to test with.</param>
    /// <param name="machine">What to compute with.</param>
    /// <param name="clock">What times are taken from.</param>
    /// <exception cref="SampleException">The network does not suit the data, or has no such layer.</exception>
    /// <exception cref="ArgumentException">An option does not suit the network.</exception>
    public Trainer(TrainingRun run, DataSet data, Machine machine, TimeProvider clock)
    {
        (_run, _data, _clock) = (run, data, clock);
        // OpenMP keeps its number of threads per calling thread, so it is set where the training runs.
        set_num_threads(machine.Threads);
        manual_seed(run.Recipe.Seed);
        _model = run.Network.Create(data, run.Transformer, run.Recipe.Seed).to(machine.ToDevice());
        BeginWithFrames();
        _atStart = [.. _model.named_modules().Where(entry => entry.module is SimplexEtfLayer)
            .Select(entry => new FixedResult(entry.name, 0, $"{((SimplexEtfLayer)entry.module).Etf.Kind}".ToLowerInvariant()))];
        _rated = [.. run.Method.RatedLayers.Select(WeightOf)];
        _optimizer = run.Recipe.CreateOptimizer(_model, _rated);
        _etf = run.Method.Method == MethodKind.Adaptive ? _model.ApplyAdaptiveEtf(run.Etf, _optimizer) : null;
        _monitor = run.Method.Method == MethodKind.Watch ? new NccMonitor(_model, new NccMonitorOptions
        {
            Include = run.Etf.Include,
            FeaturePoint = run.Etf.FeaturePoint,
            Pooling = run.Etf.Pooling,
        }) : null;
    }

    public int FinishedEpochs { get; private set; }

    /// <summary>Trains for an epoch.</summary>
    /// <param name="progress">Is told the share of the whole training that is done.</param>
    /// <param name="cancellation">Asks to stop; the batch in progress is finished first.</param>
    /// <exception cref="OperationCanceledException">Cancellation was asked for.</exception>
    public EpochResult NextEpoch(Action<double>? progress = null, CancellationToken cancellation = default)
    {
        var (recipe, epoch) = (_run.Recipe, FinishedEpochs + 1);
        SetRates();
        using var loss = zeros(1, dtype: ScalarType.Float64, device: _data.Train.Labels.device);
        var (start, watching, done) = (_clock.GetTimestamp(), TimeSpan.Zero, 0L);
        _model.train();
        foreach (var (x, y) in _data.Train.Batches(recipe.BatchSize, (recipe.Seed * SeedFactor) + epoch, recipe.Mirror, recipe.Shift))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            loss.add_(Step(x, y), alpha: (double)y.shape[0] / _data.Train.Count);
            var before = _clock.GetTimestamp();
            _etf?.Observe(y);
            _monitor?.Observe(y);
            watching += _clock.GetElapsedTime(before);
            progress?.Invoke((epoch - 1 + ((double)(done += y.shape[0]) / _data.Train.Count)) / recipe.Epochs);
        }

        var meanLoss = loss.item<double>();
        var end = _clock.GetTimestamp();
        var (measured, report) = (_monitor?.EndEpoch(), _etf?.EndEpoch());
        watching += _clock.GetElapsedTime(end);
        var seconds = _clock.GetElapsedTime(start) - (_etf is null ? watching : TimeSpan.Zero);
        FinishedEpochs = epoch;
        SetRates();
        var (trainAccuracy, trainLoss) = _data.Train.Evaluate(_model);
        var test = _clock.GetTimestamp();
        var (testAccuracy, testLoss) = _data.Test.Evaluate(_model);
        var testSeconds = _clock.GetElapsedTime(test).TotalSeconds;
        return new EpochResult(epoch, meanLoss, recipe.RateOf(epoch), trainAccuracy, testAccuracy, seconds.TotalSeconds,
            watching.TotalSeconds, _model.MeasureFootprint(_optimizer),
            report is null ? measured?.EffectiveDepth(_run.Etf.Epsilon) : report.EffectiveDepth, LayersOf(measured, report),
            FixedLayers(report), _run.Method.Measures ? Measures() : null,
            report?.Tail?.Cut is { } cut ? new CutResult(cut.Layer, cut.Epoch) : null, testSeconds, trainLoss, testLoss);
    }

    /// <summary>Saves the state: one that is loaded continues as if it had not been stopped.</summary>
    /// <returns>The path; other files have names that begin with it.</returns>
    public string Save(string path)
    {
        _monitor?.Save(path + MonitorSuffix);
        if (_etf is null)
            EtfCheckpoint.Save(path, _model, _optimizer);
        else
            EtfCheckpoint.Save(path, _etf);
        return path;
    }

    /// <summary>Loads the state after an epoch.</summary>
    public void Load(string path, int finishedEpochs)
    {
        _monitor?.Load(path + MonitorSuffix);
        if (_etf is null)
            EtfCheckpoint.Load(path, _model, _optimizer);
        else
            EtfCheckpoint.Load(path, _etf);
        FinishedEpochs = finishedEpochs;
    }

    public void Dispose()
    {
        _monitor?.Dispose();
        _etf?.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
    }

    private Tensor Step(Tensor x, Tensor y)
    {
        _optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(_model.call(x), y);
        if (loss.requires_grad)
        {
            // Otherwise every layer is fixed and nothing is left to train.
            loss.backward();
            _optimizer.step();
        }

        return loss.detach().to(ScalarType.Float64);
    }

    /// <summary>All numbers of the library's exact report, as in <c>head: nc1</c>.</summary>
    private Dictionary<string, double> Measures()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
        using var report = JsonDocument.Parse(monitor.Evaluate(_data.Train.Batches(MeasuredSamples).Take(1)).ToJson());
        return report.RootElement.GetProperty("layers").EnumerateArray().SelectMany(layer => layer.EnumerateObject()
            .SelectMany(one => one.Value.ValueKind == JsonValueKind.Object ? one.Value.EnumerateObject() : (IEnumerable<JsonProperty>)[one])
            .Where(entry => entry.Value.ValueKind == JsonValueKind.Number).DistinctBy(entry => entry.Name)
            .Select(entry => KeyValuePair.Create($"{layer.GetProperty("name")}: {entry.Name}", entry.Value.GetDouble()))).ToDictionary();
    }

    /// <summary>Puts frames into layers that are fixed from the start, and into weights that only begin as frames.</summary>
    private void BeginWithFrames()
    {
        var (frame, method) = (_run.Etf.Frame ?? EtfFrame.Identity, _run.Method);
        var all = _model.named_modules().Where(entry => entry.module is Linear or Conv2d or Conv1d).Select(entry => entry.name);
        var layers = method.FixFromStart is [var first] && int.TryParse(first, out var number) ? all.Skip(number - 1) : method.FixFromStart;
        foreach (var (i, layer) in layers.ToList().Index())
            _model.ApplyEtf(frame.ForLayer(_run.Recipe.Seed, i + 1), layer);
        using var noGrad = no_grad();
        foreach (var (i, layer) in method.BeginAsFrame.Index())
        {
            var weight = WeightOf(layer);
            var etf = SimplexEtf.Create(frame.ForLayer(_run.Recipe.Seed, i + 1), weight.shape[0], weight.shape[1]);
            using var values = etf.ToTensor(weight.dtype, weight.device);
            weight.copy_(values);
        }
    }

    private Parameter WeightOf(string layer) =>
        _model.named_parameters().FirstOrDefault(entry => entry.name == $"{layer}.weight").parameter
            ?? throw new SampleException($"the network has no layer {layer} with a weight.");

    /// <summary>Sets the learning rates of the next epoch.</summary>
    private void SetRates()
    {
        var groups = _optimizer.ParamGroups.ToList();
        groups.ForEach(group => group.LearningRate = _run.Recipe.RateOf(FinishedEpochs + 1));
        foreach (var (i, layer) in _run.Method.RatedLayers.Index())
        {
            var factor = _run.Method.RateOf(layer, FinishedEpochs, _run.Recipe.Epochs).Factor;
            groups[groups.Count - _rated.Count + i].LearningRate *= factor;
            _rated[i].requires_grad = factor > 0;
            if (factor == 0)
                _rated[i].grad = null;
        }
    }

    private IReadOnlyList<LayerResult> LayersOf(CollapseReport? measured, EtfReport? report)
    {
        // Other layers are watched too, but only those that may be fixed are shown beside the other methods' layers.
        var shown = report?.Layers.Where(layer => _run.Etf.Include.Count == 0 || _run.Etf.Include.Any(
            pattern => FileSystemName.MatchesSimpleExpression(pattern, layer.Name, ignoreCase: false)));
        return [.. shown?.Select(layer => new LayerResult(layer.Name, layer.NccError, NoteOf(layer)))
            ?? measured?.Layers.Select(layer => new LayerResult(layer.Name, layer.NccError, null)) ?? []];

        string? NoteOf(EtfLayerReport layer) => !layer.IsFixed && layer.NccError <= _run.Etf.Epsilon
            && layer.Decision.Reason != LayerReason.NotACandidate ? layer.Note : null;
    }

    /// <summary>The layers that are not trained: from the start, fixed by the scheduler, frozen as dense layers.</summary>
    private IReadOnlyList<FixedResult> FixedLayers(EtfReport? report) =>
    [
        .. _atStart,
        .. report?.FixedLayers.Select(layer => new FixedResult(
            layer.Name, layer.Epoch, $"{layer.Frame}", layer.Rank, layer.OutputError, layer.InPlaceReason)) ?? [],
        .. _run.Method.RatedLayers.Select(layer => _run.Method.RateOf(layer, FinishedEpochs, _run.Recipe.Epochs))
            .Where(rate => rate.Factor == 0).Select(rate => new FixedResult(rate.Layer, rate.Since, "dense")),
    ];
}
