using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class BadInputTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 3)));

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Observe_BadLabels_ThrowsAndStatisticsStay()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { ClassCount = 3 });
        var good = tensor(new long[] { 0, 1, 2, 2 });
        _model.call(randn(4, 4));
        monitor.Observe(good);
        var before = monitor.Compute().ToJson();
        _model.call(randn(4, 4));

        Throws<ArgumentNullException>(null!, "*labels*");
        Throws<ArgumentOutOfRangeException>(tensor(new long[] { 0, 1, 3, 0 }), "*3 of sample 2*[0, 3)*");
        Throws<ArgumentOutOfRangeException>(tensor(new[] { 0, -1, 2, 0 }), "*-1 of sample 1*");
        Throws<ArgumentOutOfRangeException>(tensor(new[] { 0, 1L << 40, 2, 0 }), "*1099511627776*");
        Throws<ArgumentException>(tensor(new float[] { 0, 1, 2, 0 }), "*Float32*");
        Throws<ArgumentException>(nn.functional.one_hot(good, 3), "*(4, 3)*one-hot*argmax(1)*");
        Throws<ArgumentException>(tensor(1L), "*scalar*");
        Throws<ArgumentException>(tensor(new long[] { 0, 1 }), "*2 labels*4 samples*");
        monitor.Compute().ToJson().Should().Be(before);

        monitor.Observe(tensor(new[] { 0, 1, 2, 2 }));
        monitor.Compute()["a"].Observed.Should().Be(8, "int32 labels are as good, and the forward was still waiting");

        void Throws<T>(Tensor labels, string message)
            where T : Exception => monitor.Invoking(m => m.Observe(labels)).Should().Throw<T>().WithMessage(message);
    }

    [Fact]
    public void ObserveByHand_BadInput_ThrowsAndStatisticsStay()
    {
        using var monitor = new NccMonitor(_model);
        var labels = tensor(new long[] { 0, 1, 1 });
        monitor.Observe("a", ones(3, 6), labels);
        var before = monitor.Compute().ToJson();
        Throws<ArgumentException>("a", ones(3, 5), labels, "*'a'*width 5*6*");
        Throws<ArgumentException>("a", ones(4, 6), labels, "*3 labels*(4, 6)*'a'*");
        Throws<ArgumentException>("a", ones(3, 6, int64), labels, "*'a'*Int64*floating*");
        Throws<ArgumentException>("new", ones(3, 0), labels, "*'new'*(3, 0)*");
        Throws<ArgumentNullException>(null!, ones(3, 6), labels, "*layer*");
        Throws<ArgumentNullException>("a", null!, labels, "*features*");
        Throws<ArgumentNullException>("a", ones(3, 6), null!, "*labels*");
        monitor.Compute().ToJson().Should().Be(before);

        void Throws<T>(string layer, Tensor features, Tensor y, string message)
            where T : Exception => monitor.Invoking(m => m.Observe(layer, features, y)).Should().Throw<T>().WithMessage(message);
    }

    [Fact]
    public void Observe_NotFinite_LeftOutCountedAndNamed()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap });
        var (input, labels) = Watched.Data(30, 4, 3, 9);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            input[3, 1] = epoch == 0 ? float.NaN : float.PositiveInfinity;
            _model.call(input);
            monitor.Observe(labels);
            var layer = monitor.EndEpoch()["a"];
            (layer.Observed, layer.NonFinite, layer.Samples).Should().Be((29, 1, epoch * 29));
            layer.Reason.Should().Contain("1 sample with NaN or infinite");
            layer.Cdnv.Should().BePositive();
        }

        var exact = monitor.Evaluate([(input, labels)])["b"];
        (exact.Observed, exact.NonFinite, exact.Samples).Should().Be((29, 1, 29));
    }

    [Fact]
    public void Observe_NotFiniteWithPolicyThrow_NamesTheLayerAndStatisticsStay()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { NonFinite = NonFinitePolicy.Throw });
        var (input, labels) = Watched.Data(30, 4, 3, 9);
        _model.call(input);
        monitor.Observe(labels);
        var before = monitor.Compute().ToJson();
        ((Linear)_model[1]).bias!.requires_grad_(false)[0] = float.NaN;
        _model.call(input);
        monitor.Invoking(m => m.Observe(labels)).Should().Throw<InvalidOperationException>().WithMessage("*30 of 30*'b'*LeaveOut*");
        monitor.Invoking(m => m.Observe("a", full(30, 6, float.NaN), labels))
            .Should().Throw<InvalidOperationException>().WithMessage("*'a'*");
        monitor.Compute().ToJson().Should().Be(before);
        monitor.Invoking(m => m.Evaluate([(input, labels)])).Should().Throw<InvalidOperationException>().WithMessage("*'b'*");
    }

    [Fact]
    public void AnyMember_Disposed_Throws()
    {
        var monitor = new NccMonitor(_model);
        monitor.Dispose();
        monitor.Dispose();
        _model.call(randn(2, 4));
        Action[] members =
        [
            () => monitor.Observe(tensor(new long[] { 0, 1 })), () => monitor.Observe("a", ones(1, 6), zeros(1, int64)),
            () => monitor.Compute(), () => monitor.EndEpoch(), () => monitor.Reset(), () => monitor.Suspend(),
            () => monitor.Merge(monitor), () => monitor.Save(new MemoryStream()), () => monitor.Load(new MemoryStream()),
            () => monitor.Evaluate([(ones(1, 4), zeros(1, int64))]),
        ];
        foreach (var member in members)
            member.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Options_OutOfRange_Throw()
    {
        Action[] bad =
        [
            () => _ = new NccMonitorOptions { ClassCount = 1 }, () => _ = new NccMonitorOptions { ScoreEvery = 0 },
            () => _ = new NccMonitorOptions { MinimumScored = -1 }, () => _ = new NccMonitorOptions { MaxPendingBytes = 0 },
            () => _ = new NccMonitorOptions { PairwiseClassLimit = -1 },
            () => _ = new NccMonitorOptions { FeaturePoint = (FeaturePoint)9 },
            () => _ = new NccMonitorOptions { Pooling = (FeaturePooling)9 },
            () => _ = new NccMonitorOptions { NonFinite = (NonFinitePolicy)9 },
            () => _ = new NccMonitorOptions { Metrics = (CollapseMetricSet)(1 << 20) },
        ];
        foreach (var action in bad)
            action.Should().Throw<ArgumentOutOfRangeException>();
        ((Action)(() => _ = new NccMonitorOptions { Exclude = null! })).Should().Throw<ArgumentNullException>();
        ((Action)(() => _ = new NccMonitor(null!))).Should().Throw<ArgumentNullException>();
    }
}
