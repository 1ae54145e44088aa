using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

public sealed class InputSampleTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 3)));
    private readonly NccMonitor _monitor;
    private readonly InputSample _inputs;

    public InputSampleTests()
    {
        _monitor = new NccMonitor(_model);
        _inputs = new InputSample(_monitor.Forwards, 20);
    }

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    public void Dispose()
    {
        _inputs.Dispose();
        _monitor.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Accumulation_EachKeptBatchGetsItsPartOfTheLabels()
    {
        var batches = Enumerable.Range(0, 3).Select(i => randn(2 + i, 4)).ToList();
        batches.ForEach(batch => _model.call(batch));
        _inputs.Labeled.Should().BeEmpty();
        _monitor.Observe(arange(9));
        var labeled = _inputs.Labeled.ToList();
        labeled.Select(entry => string.Join(' ', entry.Labels.data<long>().ToArray())).Should().Equal("0 1", "2 3 4", "5 6 7 8");
        labeled.Zip(batches).Should().OnlyContain(pair => pair.First.Inputs[0]!.allclose(pair.Second, 0, 0, false));
    }

    /// <summary>A held-out set may be sorted by class.</summary>
    [Fact]
    public void Take_DrawsFromAllBatches()
    {
        var batches = Enumerable.Range(0, 40).Select(i => (randn(5, 4), full([5], i, dtype: int64))).ToList();
        _inputs.Take(batches);
        var kept = _inputs.Labeled.Select(entry => entry.Labels[0].item<long>()).ToList();
        kept.Should().HaveCount(4);
        kept.Max().Should().BeGreaterThan(9, "the first four alone would be those of one class");
    }

    [Fact]
    public void LabelsPerPosition_TravelAsTheyAre()
    {
        using var model = nn.Linear(4, 3);
        using var monitor = new NccMonitor(model);
        using var inputs = new InputSample(monitor.Forwards, 20);
        model.call(randn(2, 5, 4));
        model.call(randn(3, 5, 4));
        monitor.Observe(arange(25).remainder(3).reshape(5, 5));
        inputs.Labeled.Select(entry => string.Join(' ', entry.Labels.shape)).Should().Equal("2 5", "3 5");
        Seen(inputs).Should().Equal("2 5: 10", "3 5: 15");
    }

    [Fact]
    public void ReplayAll_RowsWithoutALabel_LabelsComeAfterTheCallAlone()
    {
        _model.call(randn(2, 4));
        _model.call(randn(3, 4));
        _monitor.Observe(tensor(new long[] { 0, 1, 2, -100, 0 }).reshape(5, 1));
        Seen(_inputs).Should().Equal("2: 2", "3: none");
    }

    [Fact]
    public void ForwardsThatDoNotCount_AreNotKept()
    {
        _model.eval();
        _model.call(randn(3, 4));
        _model.train();
        using (no_grad())
            _model.call(randn(3, 4));
        using (_monitor.Suspend())
            _model.call(randn(3, 4));
        _inputs.BatchCount.Should().Be(0);
        (_inputs.CanReplay, _inputs.InForward).Should().Be((false, false));
    }

    [Fact]
    public void SecondForwardOfTheSameInput_AndThoseThatNobodyLabels_AreDroppedOnceSomeAreLabeled()
    {
        var x = randn(3, 4);
        _model.call(x);
        _model.call(x);
        _model.call(randn(5, 4));
        _inputs.BatchCount.Should().Be(3, "nothing is labeled yet");
        _monitor.Observe(arange(3));
        _inputs.BatchCount.Should().Be(1);
        _inputs.Labeled.Single().Inputs[0]!.allclose(x, 0, 0, false).Should().BeTrue();
    }

    [Fact]
    public void LongEpoch_KeepsWholeBatchesOfAllItsParts_AndNoMoreThanAskedFor()
    {
        var kept = new int[4];
        using var monitor = new NccMonitor(_model);
        var run = 0;
        using var sample = new InputSample(monitor.Forwards, 20, () => (0, run));
        for (; run < 30; run++)
        {
            for (var i = 0; i < 100; i++)
            {
                using var scope = NewDisposeScope();
                _model.call(full([5, 4], (float)i));
                monitor.Observe(arange(5).remainder(3));
            }

            sample.Labeled.Should().HaveCount(4, "four batches of 5 hold the 20 rows");
            foreach (var (inputs, labels) in sample.Labeled)
            {
                (inputs[0]!.shape[0], labels.shape[0]).Should().Be((5, 5));
                kept[(int)inputs[0]![0, 0].item<float>() / 25]++;
            }

            sample.Labeled.Select(entry => entry.Inputs[0]![0, 0].item<float>())
                .Should().BeInAscendingOrder("they are replayed in the order of the epoch");
            sample.NextEpoch();
            sample.ForwardsPerEpoch.Should().Be(100);
        }

        kept.Should().OnlyContain(count => count >= 18 && count <= 42, "of 120 batches each quarter of the epoch has about 30");
    }

    [Fact]
    public void Trim_KeepsTheBatchesOfTheLeastNumbers_AndNoFewerRowsThanAskedFor()
    {
        using var sample = new InputSample(_monitor.Forwards, 1000, () => (3, 1));
        for (var i = 0; i < 10; i++)
        {
            _model.call(full([8, 4], (float)i));
            _monitor.Observe(arange(8).remainder(3));
        }

        (sample.EpochRows, sample.KeptRows).Should().Be((80, 80));
        var byNumber = Enumerable.Range(0, 10).OrderBy(i => SeededDraw.Uniform(3, 1, i)).Select(i => (float)i).ToList();
        sample.Trim(50, 20);
        Batches().Should().Equal(byNumber.Take(6).Order(), "48 rows are at most 50; in the order of the epoch");
        sample.Trim(10, 20);
        Batches().Should().Equal(byNumber.Take(3).Order(), "two batches would hold fewer than 20");
        sample.EpochRows.Should().Be(80);
        sample.NextEpoch();
        (sample.EpochRows, sample.KeptRows).Should().Be((0, 0));
        sample.Take([(randn(5, 4), arange(5).remainder(3))]);
        (sample.EpochRows, sample.KeptRows).Should().Be((null, 5));

        IEnumerable<float> Batches() => sample.Labeled.Select(entry => entry.Inputs[0]![0, 0].item<float>());
    }

    [Fact]
    public void Kept_IsTheInputBeforeTheUsersHooks_AndReplaysLeaveItAsItIs()
    {
        using var model = new EditsItsInput();
        model.register_forward_pre_hook((_, input) => input * 10);
        using var monitor = new NccMonitor(model);
        using var inputs = new InputSample(monitor.Forwards, 20);
        var x = randn(3, 4);
        var output = model.call(x.clone());
        monitor.Observe(arange(3));
        for (var i = 0; i < 2; i++)
        {
            inputs.Labeled.Single().Inputs[0]!.allclose(x).Should().BeTrue();
            ((Tensor)inputs.Replay(inputs.Labeled.Single().Inputs)!).allclose(output).Should().BeTrue();
        }
    }

    [Fact]
    public void Replay_OnlyFeaturesByHandWereObserved_GoesByUnlabeledBatches()
    {
        _model.call(randn(3, 4));
        _monitor.Observe("by hand", randn(3, 2), arange(3));
        _inputs.CanReplay.Should().BeTrue();
        _inputs.BatchCount.Should().Be(1);
        _inputs.Labeled.Should().BeEmpty();
        _inputs.ReplayAll((_, _) => { }, _ => { });
    }

    [Fact]
    public void AnyUse_AfterDispose_NoTensorIsLeft()
    {
        var before = Live;
        using (NewDisposeScope())
        {
            var inputs = new InputSample(_monitor.Forwards, 20);
            for (var i = 0; i < 30; i++)
            {
                _model.call(randn(i % 3 == 0 ? 4 : 5, 4));
                if (i % 3 > 0)
                    _monitor.Observe(arange(5).remainder(3));
            }

            inputs.ReplayAll((_, _) => { }, _ => { });
            inputs.NextEpoch();
            _model.call(randn(5, 4));
            inputs.Dispose();
            _inputs.NextEpoch();
            _monitor.Reset();
        }

        Live.Should().Be(before);
    }

    /// <summary>What a replay says of each batch: the shape of its labels, and how many it gave before the call.</summary>
    private static List<string> Seen(InputSample inputs)
    {
        var seen = new List<string>();
        var before = "";
        inputs.ReplayAll(
            (_, labels) => seen.Add($"{string.Join(' ', labels!.squeeze().shape)}: {before}"),
            labels => before = labels is null ? "none" : $"{labels.shape.Single()}");
        return seen;
    }

    private sealed class EditsItsInput : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 3);

        public EditsItsInput()
            : base(nameof(EditsItsInput)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using (no_grad())
                input.add_(1);
            return Layer.call(input);
        }
    }
}
