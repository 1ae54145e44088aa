using FluentAssertions;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Loops;

/// <summary>A training loop put together at random, which notes for itself which rows belong to which labels.</summary>
internal sealed partial class RandomLoop : IDisposable
{
    private readonly Random _random;
    private readonly Generator _generator;
    private readonly LoopModel _model;
    private readonly NccMonitor _monitor;
    private readonly Dictionary<string, LayerReference> _expected;
    private readonly Tensor _centers;
    private readonly int _classes;
    private readonly int _largest;
    private readonly string _log;
    private int _batch;

    public RandomLoop(int seed)
    {
        _random = new Random(seed);
        _generator = new Generator((ulong)seed);
        _classes = _random.Next(2, 6);
        _largest = _random.Next(10) == 0 ? 500 : 24;
        _model = new LoopModel(_classes, _random);
        using (no_grad())
            foreach (var parameter in _model.parameters())
                parameter.copy_(randn(parameter.shape, generator: _generator) / 2);
        var options = new NccMonitorOptions
        {
            ScoreEvery = _random.Next(1, 5),
            MinimumScored = _random.Next(2) * 60,
            Seed = seed,
            Metrics = CollapseMetricSet.None,
        };
        _monitor = new NccMonitor(_model, options);
        _expected = new[] { "first", "second", "head" }.ToDictionary(name => name, _ => new LayerReference(options));
        _centers = 3 * randn(_classes, LoopModel.Width, generator: _generator);
        _log = $"loop {seed}";
        UsesThreads = _random.Next(5) == 0;
    }

    /// <summary>Whether calls and labels come from several threads: tensors of one are then disposed on another.</summary>
    public bool UsesThreads { get; }

    private long Unlabeled { get; set; }

    public void Run()
    {
        var stop = false;
        var server = _random.Next(10) == 0 ? new Thread(() => Serve(ref stop)) : null;
        server?.Start();
        try
        {
            Epochs();
        }
        finally
        {
            Volatile.Write(ref stop, true);
            server?.Join();
        }
    }

    public void Dispose()
    {
        _monitor.Dispose();
        _model.Dispose();
        _generator.Dispose();
    }

    private void Epochs()
    {
        for (var epoch = 0; epoch < 3; epoch++)
        {
            for (var steps = _random.Next(3, 7); steps > 0; steps--)
            {
                using var scope = NewDisposeScope();
                Step();
                Train();
            }

            // A last step that is labeled lets go of what an earlier one left.
            using (NewDisposeScope())
                Labeled(1, 1);
            Check();
        }
    }

    private void Observe(IReadOnlyList<(Tensor Input, Tensor Labels)> calls)
    {
        Act(() => _monitor.Observe(cat([.. calls.Select(call => call.Labels)])));
        Expect(Seen(calls));
    }

    /// <summary>What the layers gave in some calls, at the weights as they are.</summary>
    private Dictionary<string, List<(Tensor, Tensor)>> Seen(IReadOnlyList<(Tensor Input, Tensor Labels)> calls)
    {
        var seen = _expected.Keys.ToDictionary(name => name, _ => new List<(Tensor, Tensor)>());
        foreach (var (input, labels) in calls)
            foreach (var (layer, output) in _model.Outputs(input))
                seen[layer].Add((output, labels));
        return seen;
    }

    private void Expect(Dictionary<string, List<(Tensor, Tensor)>> seen)
    {
        foreach (var (layer, calls) in seen)
            _expected[layer].Observe(calls);
    }

    private void Check()
    {
        var report = _monitor.EndEpoch();
        report.UnlabeledForwards.Should().Be(Unlabeled, _log);
        Unlabeled = 0;
        foreach (var (name, expected) in _expected)
        {
            var layer = report[name];
            layer.Observed.Should().Be(expected.Observed, "{0}, {1}", _log, name);
            layer.Samples.Should().Be(expected.Scored, "{0}, {1}", _log, name);
            if (expected.Wrong() is not var (least, most))
                layer.NccError.Should().BeNull("{0}, {1}", _log, name);
            else
                (layer.NccError!.Value * layer.Samples).Should().BeInRange(least - 1e-6, most + 1e-6, "{0}, {1}", _log, name);
            expected.EndEpoch();
        }
    }

    private object Call(Tensor input)
    {
        object result = null!;
        Act(() => result = _model.call(input));
        return result;
    }

    /// <summary>Now and then on another thread, as a loop that awaits may.</summary>
    private void Act(Action work)
    {
        if (!UsesThreads || _random.Next(10) > 0 || !_model.training || !is_grad_enabled())
        {
            work();
            return;
        }

        Exception? thrown = null;
        var thread = new Thread(() => thrown = Xunit.Record.Exception(work));
        thread.Start();
        thread.Join();
        thrown.Should().BeNull(_log);
    }

    private void Train()
    {
        using var noGrad = no_grad();
        foreach (var parameter in _model.parameters())
            parameter.add_(0.02 * randn(parameter.shape, generator: _generator));
    }

    /// <summary>A batch of one to five hundred rows: easy, hard, or of a single class.</summary>
    private (Tensor Input, Tensor Labels) Batch(long not = 0)
    {
        long count;
        do
            count = _random.Next(1, _largest + 1);
        while (count == not);
        var labels = randint(0, _classes, [count], dtype: int64, generator: _generator);
        if (_random.Next(8) == 0)
            labels = full(count, (long)_random.Next(_classes));
        var noise = randn(count, LoopModel.Width, generator: _generator);
        return (_batch++ % 2 == 0 ? _centers.index_select(0, labels) + noise : noise, labels);
    }

    private void Serve(ref bool stop)
    {
        while (!Volatile.Read(ref stop))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            try
            {
                _model.call(randn(7, LoopModel.Width));
            }
            catch (NotSupportedException)
            {
                // The forward that fails fails for everybody.
            }
        }
    }
}
