using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Labels;

/// <summary>One label per sample or one per position, rows without a label, and what is no label at all.</summary>
public sealed class LabelKindTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Tagger_LabelsPerToken_EachTokenIsASample(bool flatOutput, bool flatLabels)
    {
        using var model = new Tagger(flatOutput);
        using var monitor = new NccMonitor(model);
        var (x, y) = (randn(8, 7, 16), randint(0, 5, [8, 7], dtype: int64));
        for (var i = 0; i < 2; i++)
        {
            model.call(x);
            monitor.Observe(flatLabels ? y.flatten() : y);
        }

        var features = model.Body.forward(x).reshape(-1, 16);
        var report = monitor.Compute();
        Watched.ShouldDescribe(report["Body"], cat([features, features]), y.flatten().repeat(2));
        report["Body"].FeaturePoint.Should().Be("own output; each position");
        report["Head"].Observed.Should().Be(112);
        report["Head.input"].Observed.Should().Be(112);
        Watched.ShouldDescribe(monitor.Evaluate([(x, y)])["Body"], features, y.flatten());
    }

    [Fact]
    public void Segmentation_LabelsPerPixel_ChannelsAreTheFeatures()
    {
        var first = nn.Conv2d(3, 8, 3, padding: 1);
        using var model = nn.Sequential(("c1", first), ("act", nn.ReLU()), ("c2", nn.Conv2d(8, 5, 1)));
        using var monitor = new NccMonitor(model);
        var (x, y) = (randn(2, 3, 6, 5), randint(0, 5, [2, 6, 5], dtype: int64));
        model.call(x);
        // A mask often comes with a channel of its own.
        monitor.Observe(y.unsqueeze(1));
        model.call(x);
        monitor.Observe(y);
        var features = first.forward(x).relu().permute(0, 2, 3, 1).reshape(-1, 8);
        Watched.ShouldDescribe(monitor.Compute()["c1"], cat([features, features]), y.flatten().repeat(2));
        monitor.EndEpoch();
        model.call(x);
        monitor.Observe(y);
        // The last map's features are the class scores: what is nearest to a mean of them is not yet what is greatest, but it is there to
        // compare.
        monitor.Compute()["c1"].Nc4Mismatch.Should().BeInRange(0, 1);
        monitor.Compute()["c1"].Samples.Should().Be(60);
    }

    [Fact]
    public void AccumulatedTokens_AreCutBetweenForwards()
    {
        using var model = new Tagger(false);
        using var monitor = new NccMonitor(model);
        var (x, y) = (randn(9, 7, 16), randint(0, 5, [9, 7], dtype: int64));
        model.call(x[..5]);
        model.call(x[5..]);
        monitor.Observe(y);
        Watched.ShouldDescribe(monitor.Compute()["Body"], model.Body.forward(x).reshape(-1, 16), y.flatten());
    }

    [Fact]
    public void ColumnOfLabels_IsOnePerSample()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 3)));
        using var monitor = new NccMonitor(model);
        var y = arange(12).remainder(3);
        model.call(randn(12, 4));
        monitor.Observe(y.reshape(12, 1));
        (monitor.Compute()["a"].Observed, monitor.Compute()["a"].PresentClasses).Should().Be((12, 3));
    }

    [Theory]
    [InlineData(-100L, -100L)]
    [InlineData(255L, 255L)]
    [InlineData(0L, 0L)]
    public void IgnoreIndex_RowsWithoutALabel_AreLeftOut(long ignored, long? option)
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 9)));
        foreach (var onDevice in new[] { false, true })
        {
            using var monitor = new NccMonitor(
                model,
                new NccMonitorOptions
                {
                    IgnoreIndex = option,
                    AlwaysAsOnDevice = onDevice,
                    ClassCount = 9,
                    ScoreEvery = 1,
                    Metrics = CollapseMetricSet.All,
                });
            var (x, labels) = Watched.Data(60, 4, 3, 1);
            labels = labels + 1;
            labels[5] = ignored;
            labels[17] = ignored;
            for (var epoch = 0; epoch < 2; epoch++)
            {
                model.call(x);
                monitor.Observe(labels);
                if (epoch == 0)
                    monitor.EndEpoch();
            }

            var kept = labels.ne(ignored);
            var features = ((TorchSharp.Modules.Linear)model[0]).forward(x);
            var layer = monitor.EndEpoch()["a"];
            Watched.ShouldDescribe(layer, features[kept], labels[kept]);
            layer.Samples.Should().Be(58);
            var exact = monitor.Evaluate([(x, labels)])["a"];
            (exact.Samples, exact.NccError).Should().Be((58, layer.NccError));
            exact.Nc1.Should().BePositive();
        }
    }

    [Fact]
    public void NothingButTheIndexToIgnore_IsAnErrorAndChangesNothing()
    {
        using var model = nn.Linear(4, 3);
        using var monitor = new NccMonitor(model);
        model.call(randn(5, 4));
        monitor.Invoking(m => m.Observe(full(5, -100L)))
            .Should().Throw<ArgumentException>().WithMessage("All 5 labels are -100*IgnoreIndex*Suspend()*");
        monitor.Observe(arange(5).remainder(3));
        monitor.Compute()[""].Observed.Should().Be(5);
        using var strict = new NccMonitor(model, new NccMonitorOptions { IgnoreIndex = null });
        model.call(randn(5, 4));
        strict.Invoking(m => m.Observe(full(5, -100L))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*-100 of sample 0*");
    }

    [Fact]
    public void InvalidLabels_SayWhatIsPossible()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 5)));
        using var monitor = new NccMonitor(model);
        Refused<ArgumentException>(rand(4, 5), "*Float32*(4, 5)*Soft labels*Suspend()*");
        Refused<ArgumentException>(randn(4), "*Float32*(4)*regression*");
        Refused<ArgumentException>(randn(4, 1), "*Float32*(4, 1)*regression*");
        Refused<ArgumentException>(ones(4, @bool), "*Bool*(4)*labels.to(ScalarType.Int64)*");
        Refused<ArgumentException>(ones(4, uint8), "*Byte*(4)*labels.to(ScalarType.Int64)*");
        Refused<ArgumentException>(tensor(1L), "*scalar*");
        Refused<ArgumentException>(
            tensor(new long[,] { { 1, 0, 1, 0, 0 }, { 0, 1, 0, 0, 0 }, { 1, 1, 0, 0, 0 }, { 0, 0, 0, 0, 1 } }),
            "*(4, 5)*4 samples*multi-label*");
        Refused<ArgumentException>(eye(5, dtype: int64)[..4], "*(4, 5)*4 samples*one-hot*labels.argmax(1)*");
        // Labels per token of a model whose layers have none.
        Refused<ArgumentException>(
            randint(2, 5, [4, 7], dtype: int64), "*(4, 7)*4 samples*one class index per sample, or one per position.");
        Refused<ArgumentOutOfRangeException>(tensor(new[] { 1L, 5_000_000, 0, 0 }), "*5000000 of sample 1*");

        void Refused<T>(Tensor labels, string message)
            where T : ArgumentException
        {
            model.call(randn(4, 4));
            var thrown = monitor.Invoking(m => m.Observe(labels)).Should().Throw<T>().WithMessage(message.TrimEnd('.') + "*").Which;
            thrown.ParamName.Should().Be("labels");
            monitor.Compute()["a"].Observed.Should().Be(0);
        }
    }

    [Fact]
    public void KindOfLabelsChanges_IsAnErrorUntilReset()
    {
        using var model = new Tagger(false);
        using var monitor = new NccMonitor(model);
        model.call(randn(8, 7, 16));
        monitor.Observe(randint(0, 5, [8], dtype: int64));
        model.call(randn(8, 7, 16));
        monitor.Invoking(m => m.Observe(randint(0, 5, [8, 7], dtype: int64)))
            .Should().Throw<ArgumentException>().WithMessage("*(8, 7)*one per sample, (8)*EachPosition*");
        monitor.Reset();
        model.call(randn(8, 7, 16));
        monitor.Observe(randint(0, 5, [8, 7], dtype: int64));
        model.call(randn(8, 7, 16));
        monitor.Invoking(m => m.Observe(randint(0, 5, [8], dtype: int64)))
            .Should().Throw<ArgumentException>().WithMessage("8 labels*56 positions*");
        monitor.Compute()["Body"].Observed.Should().Be(56);
    }

    [Fact]
    public void EachPosition_AskedFor_HoldsFromTheFirstForwardOn()
    {
        using var model = new Tagger(false);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Pooling = FeaturePooling.EachPosition });
        model.call(randn(8, 7, 16));
        monitor.Invoking(m => m.Observe(arange(8).remainder(3))).Should().Throw<ArgumentException>().WithMessage("8 labels*56 positions*");
        monitor.Observe(arange(56).remainder(3));
        monitor.Observe("by hand", randn(2, 3, 4), arange(6).remainder(2));
        (monitor.Compute()["Body"].Observed, monitor.Compute()["by hand"].Observed).Should().Be((56, 6));
    }

    [Fact]
    public void ByHand_FeaturesPerPositionOrPerSample_AsTheLabelsAre()
    {
        using var model = nn.Linear(4, 3);
        using var monitor = new NccMonitor(model);
        var features = randn(6, 5, 4);
        monitor.Observe("samples", features, arange(6).remainder(2));
        monitor.Observe("tokens", features, arange(30).remainder(2).reshape(6, 5));
        Watched.ShouldDescribe(monitor.Compute()["samples"], features.mean([1L]), arange(6).remainder(2));
        Watched.ShouldDescribe(monitor.Compute()["tokens"], features.reshape(30, 4), arange(30).remainder(2));
        monitor.Invoking(m => m.Observe("tokens", features, arange(29).remainder(2)))
            .Should().Throw<ArgumentException>().WithMessage("29 labels*(6, 5, 4)*'tokens'*");
    }

    [Fact]
    public void TokenMask_PaddedTokens_DoNotEnterTheMean()
    {
        using var model = new Padded();
        var options = new NccMonitorOptions { TokenMask = inputs => inputs[1] };
        using var monitor = new NccMonitor(model, options);
        var (x, mask, y) = (randn(4, 3, 16), ones(4, 3), arange(4).remainder(2));
        mask[0, 2] = 0;
        mask[3, 1] = 0;
        x[0, 2] = float.NaN;
        model.call(x, mask);
        monitor.Observe(y);
        var tokens = model.Body.forward(x);
        var means = stack([.. Enumerable.Range(0, 4).Select(i => tokens[i][mask[i].ne(0)].mean([0L]))]);
        Watched.ShouldDescribe(monitor.Compute()["Body"], means, y);
        Watched.ShouldDescribe(
            monitor.Evaluate([(x, mask, y)], batch => model.call(batch.x, batch.mask), batch => batch.y)["Body"], means, y);

        model.call(randn(4, 3, 16), ones(4, 5));
        monitor.Observe(y);
        monitor.Compute()["Body"].Reason.Should().Contain("(4, 3, 16)").And.Contain("(4, 5)");
    }

    private sealed class Tagger : nn.Module<Tensor, Tensor>
    {
        public readonly nn.Module<Tensor, Tensor> Body = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> Head = nn.Linear(16, 5);
        private readonly bool _flat;

        public Tagger(bool flat)
            : base(nameof(Tagger))
        {
            _flat = flat;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var output = Head.call(nn.functional.relu(Body.call(input)));
            return _flat ? output.reshape(-1, 5) : output;
        }
    }

    private sealed class Padded : nn.Module<Tensor, Tensor, Tensor>
    {
        public readonly nn.Module<Tensor, Tensor> Body = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> Head = nn.Linear(16, 2);

        public Padded()
            : base(nameof(Padded)) => RegisterComponents();

        public override Tensor forward(Tensor input1, Tensor input2) => Head.call(Body.call(input1).nan_to_num().mean([1L]));
    }
}
