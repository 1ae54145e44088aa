using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class MergeTests : IDisposable
{
    private static readonly NccMonitorOptions Options = new() { Metrics = CollapseMetricSet.Cheap, ScoreEvery = 1 };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 3)));
    private readonly (Tensor Input, Tensor Labels) _data = Watched.Data(120, 4, 3, 1);

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Merge_WorkersOverTwoEpochs_EqualsOneMonitorOfAllData()
    {
        using var whole = new NccMonitor(_model, Options);
        Watched.Epoch(_model, whole, _data, 30);
        whole.EndEpoch();
        Watched.Epoch(_model, whole, _data, 30);
        var expected = whole.EndEpoch();

        // Each worker sees a third; the first gathers, ends the epoch, and hands the centers on.
        using var chief = new NccMonitor(_model, Options);
        using var second = new NccMonitor(_model, Options);
        using var third = new NccMonitor(_model, Options);
        CollapseReport? report = null;
        for (var epoch = 0; epoch < 2; epoch++)
        {
            Watched.Epoch(_model, chief, Part(0), 10);
            Watched.Epoch(_model, second, Part(1), 13);
            Watched.Epoch(_model, third, Part(2), 40);
            chief.Merge(second);
            using var bytes = new MemoryStream();
            third.Save(bytes);
            bytes.Position = 0;
            chief.Merge(bytes);
            report = chief.EndEpoch();
            foreach (var worker in new[] { second, third })
            {
                using var centers = new MemoryStream();
                chief.Save(centers);
                centers.Position = 0;
                worker.Load(centers);
            }
        }

        foreach (var (merged, single) in report!.Layers.Zip(expected.Layers))
        {
            (merged.NccError, merged.Samples, merged.Observed, merged.Nc4Mismatch)
                .Should().Be((single.NccError, single.Samples, single.Observed, single.Nc4Mismatch));
            merged.Cdnv.Should().BeApproximately(single.Cdnv!.Value, 1e-6 * single.Cdnv.Value);
        }
    }

    [Fact]
    public void SaveLoad_MidEpoch_ContinuesAsIfNothingHadHappened()
    {
        using var one = new NccMonitor(_model, Options);
        Watched.Epoch(_model, one, _data, 30);
        one.EndEpoch();
        Watched.Epoch(_model, one, Part(0), 10);
        one.Observe("by hand", _data.Input, _data.Labels);
        using var bytes = new MemoryStream();
        one.Save(bytes);
        bytes.Position = 0;

        using var other = new NccMonitor(_model, Options);
        other.Load(bytes);
        other.Compute().ToCsv().Should().Be(one.Compute().ToCsv());
        foreach (var (input, labels) in Watched.Batches(Part(1), 10))
        {
            _model.call(input);
            one.Observe(labels);
            other.Observe(labels);
        }

        other.EndEpoch().ToCsv().Should().Be(one.EndEpoch().ToCsv());
    }

    /// <summary>A counter of a layer takes one line, its declaration: every declared one is saved, loaded, merged and counted anew each
    /// epoch.</summary>
    [Fact]
    public void LayerState_EveryDeclaredCounter_IsSavedMergedAndReset()
    {
        var counters = Counters(typeof(LayerState)).Select(counter => (Of: "", Counter: counter))
            .Concat(Counters(typeof(ScoreCounts)).Select(counter => (Of: "scores.", Counter: counter))).ToList();
        counters.Select(one => one.Counter.Name).Should()
            .Contain(["batches", "non_finite", "scored", "wrong", "within_rounding", "compared"]);
        using var monitor = new NccMonitor(_model, Options);
        Watched.Epoch(_model, monitor, _data, 30);
        monitor.EndEpoch();
        Watched.Epoch(_model, monitor, _data, 30);
        foreach (var (of, counter) in counters)
        {
            // Large enough for those that may not exceed others to stay below them.
            var saved = counters.Where(one => one.Counter.Declared.AtMost is null).Aggregate(
                Saved(monitor), (state, one) => state.With($"layers.a.{one.Of}{one.Counter.Name}", "500"));
            saved = saved.With($"layers.a.{of}{counter.Name}", counter.Declared.AtMost is null ? "500" : "300");
            var value = int.Parse(saved.Texts[$"layers.a.{of}{counter.Name}"], System.Globalization.CultureInfo.InvariantCulture);
            using var one = new NccMonitor(_model, Options);
            one.Load(new MemoryStream(SafetensorsBytes.Write(saved)));
            Saved(one).Texts[$"layers.a.{of}{counter.Name}"].Should().Be($"{value}", "{0} is loaded and saved", counter.Name);
            one.Merge(new MemoryStream(SafetensorsBytes.Write(saved)));
            Saved(one).Texts[$"layers.a.{of}{counter.Name}"].Should().Be($"{2 * value}", "{0} is merged", counter.Name);
            one.EndEpoch();
            Saved(one).Texts[$"layers.a.{of}{counter.Name}"].Should().Be("0", "{0} begins anew", counter.Name);
        }

        static IEnumerable<StateMember> Counters(Type type) => StateDeclaration.Of(type).Members
            .Where(member => member.Declared.Merge == MergeRule.Sum && member.Codec is TextCodec);

        static StateSet Saved(NccMonitor monitor)
        {
            using var stream = new MemoryStream();
            monitor.Save(stream);
            return SafetensorsBytes.Read(stream.ToArray());
        }
    }

    [Fact]
    public void Load_BadBytes_SaysWhatIsWrongAndChangesNothing()
    {
        using var monitor = new NccMonitor(_model, Options);
        Watched.Epoch(_model, monitor, _data, 30);
        using var stream = new MemoryStream();
        monitor.Save(stream);
        var good = stream.ToArray();
        var before = monitor.Compute().ToJson();

        for (var length = 0; length < good.Length; length += 31)
            Load(good[..length]).Should().Throw<EtfStateException>();
        Load("{ \"json\": 1 }"u8.ToArray()).Should().Throw<EtfStateException>().WithMessage("*not a safetensors file*");
        Load([.. good[..^8], 0, 0, 0, 0, 0, 0, 0, 1]).Should().Throw<EtfStateException>().WithMessage("*checksum*");
        Load(SafetensorsBytes.Write(SafetensorsBytes.Read(good).With("layers.a.scores.wrong", "1000"))).Should()
            .Throw<EtfStateException>().WithMessage("*'layers.a.scores.wrong'*1000*'scored' is 0*");
        Load(SafetensorsBytes.Write(SafetensorsBytes.Read(good).With("layers", "[\"a\"]"))).Should()
            .Throw<EtfStateException>().WithMessage("*knows nothing of the layer 'head'*");
        monitor.Invoking(m => m.Merge(new MemoryStream(good[..40]))).Should().Throw<EtfStateException>();
        using var frame = new MemoryStream();
        RandomFrames.Draw(1).Save(frame);
        Load(frame.ToArray()).Should().Throw<EtfStateException>().WithMessage("*holds a frame, not a monitor*SimplexEtf.Load*");
        monitor.Compute().ToJson().Should().Be(before);

        using var other = nn.Sequential(("a", nn.Linear(4, 8)), ("b", nn.Linear(8, 3)));
        using var elsewhere = new NccMonitor(other, Options);
        elsewhere.Invoking(m => m.Load(new MemoryStream(good))).Should().Throw<EtfStateException>().WithMessage("*no b*head*");

        Action Load(byte[] bytes) => () => monitor.Load(new MemoryStream(bytes));
    }

    [Fact]
    public void Merge_OtherWidthsLayersOrMetrics_ThrowsAndChangesNothing()
    {
        using var monitor = new NccMonitor(_model, Options);
        Watched.Epoch(_model, monitor, _data, 30);
        var before = monitor.Compute().ToJson();
        using var wide = nn.Sequential(("a", nn.Linear(4, 9)), ("act", nn.ReLU()), ("head", nn.Linear(9, 3)));
        using var alien = nn.Sequential(("x", nn.Linear(4, 3)));

        Other(wide, Options).Should().Throw<ArgumentException>().WithMessage("*'layers.a.current.width' is 9 there and 8 here*");
        Other(alien, Options).Should().Throw<ArgumentException>().WithMessage("*no layer in common*x*");
        Other(_model, new NccMonitorOptions { Metrics = CollapseMetricSet.None }).Should().Throw<ArgumentException>()
            .WithMessage("*'layers.a.current.tracks_scatter'*");
        monitor.Invoking(m => m.Merge(monitor)).Should().Throw<ArgumentException>().WithMessage("*itself*");
        monitor.Compute().ToJson().Should().Be(before);

        Action Other(Sequential model, NccMonitorOptions options) => () =>
        {
            using var other = new NccMonitor(model, options);
            using (monitor.Suspend())
                Watched.Epoch(model, other, _data, 30);
            monitor.Merge(other);
        };
    }

    private (Tensor Input, Tensor Labels) Part(int index) =>
        (_data.Input.narrow(0, 40 * index, 40), _data.Labels.narrow(0, 40 * index, 40));
}
