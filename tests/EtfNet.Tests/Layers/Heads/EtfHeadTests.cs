using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Heads;

public sealed class EtfHeadTests
{
    [Theory]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    public void Forward_AnyShape_EqualsDenseAlgebra(ScalarType type, double tolerance)
    {
        for (var seed = 0; seed < 60; seed++)
        {
            using var scope = NewDisposeScope();
            var random = new Random(seed);
            var (width, classes) = (random.Next(2, 40), 0);
            classes = random.Next(2, width + 2);
            var (length, reach) = (random.NextDouble() * 4 + 0.1, random.NextDouble() * 8 + 0.1);
            var frame = random.Next(3) switch { 0 => EtfFrame.Identity, 1 => EtfFrame.Random(seed), _ => EtfFrame.DenseRandom(seed) };
            using var head = new EtfHead(width, classes, frame, length, reach, type);
            long[] leading = random.Next(3) switch { 0 => [], 1 => [5], _ => [2, 0 + random.Next(3)] };
            var input = Sample.Normal(seed, [.. leading, width]).to(type).requires_grad_(true);
            var output = head.call(input);
            var direction = Sample.Normal(seed + 1, output.shape).to(type);
            output.backward([direction]);

            var x = input.detach().to(float64).requires_grad_(true);
            var weight = SimplexEtf.Create(frame, classes, width, length).ToTensor();
            var y = (x / x.square().sum(-1, keepdim: true).sqrt() * reach).matmul(weight.t());
            y.backward([direction.to(float64)]);
            var scale = tolerance * (1 + head.TargetLogit);
            Sample.Max(output.detach().to(float64) - y.detach()).Should().BeLessThan(scale, $"seed {seed}");
            Sample.Max(input.grad!.to(float64) - x.grad!).Should().BeLessThan(scale * (1 + Sample.Max(x.grad!)), $"seed {seed}");
            head.TargetLogit.Should().BeApproximately(length * reach, 1e-12 * length * reach);
        }
    }

    [Fact]
    public void Forward_FeatureAlongARow_HasTheTargetLogit()
    {
        using var scope = NewDisposeScope();
        using var head = new EtfHead(12, 5, length: 2, featureLength: 3, dtype: ScalarType.Float64);
        var rows = SimplexEtf.Create(EtfFrame.Random(0), 5, 12).ToTensor();
        var logits = head.call(rows * 17);
        Sample.Max(logits.diagonal() - 6).Should().BeLessThan(1e-12);
        Sample.Max(logits - (eye(5, dtype: float64) * 7.5 - 1.5)).Should().BeLessThan(1e-12, "every other class is at -t/(K-1)");
    }

    [Fact]
    public void Forward_ZeroFeatures_HaveLogits0AndAFiniteGradient()
    {
        using var scope = NewDisposeScope();
        using var head = new EtfHead(6, 4);
        var input = zeros(2, 6);
        input[1].fill_(1);
        input.requires_grad_(true);
        var logits = head.call(input);
        logits[0].abs().max().item<float>().Should().Be(0);
        new DotRegressionLoss().call(logits, tensor(new long[] { 1, 2 })).backward();
        input.grad!.isfinite().all().item<bool>().Should().BeTrue();
        input.grad.abs().max().item<float>().Should().BeLessThan(10);
    }

    [Fact]
    public void Module_HasNoParameters_KeepsItsStateAndMoves()
    {
        using var scope = NewDisposeScope();
        using var head = new EtfHead(16, 10, EtfFrame.Random(3), 4);
        head.parameters().Should().BeEmpty();
        head.named_modules().Select(entry => entry.name).Should().Contain("frame");
        using var other = new EtfHead(16, 10, EtfFrame.Random(3), 2);
        other.load_state_dict(head.state_dict());
        other.Length.Should().Be(4);
        using var foreign = new EtfHead(16, 10, EtfFrame.Random(4), 2);
        foreign.load_state_dict(head.state_dict());
        foreign.Invoking(h => h.call(Sample.Normal(1, 3, 16))).Should().Throw<InvalidOperationException>().WithMessage("*seed_3*seed_4*");
        head.to(ScalarType.Float64);
        head.call(Sample.Normal(1, 3, 16)).dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void Module_MadeInAScope_OutlivesIt()
    {
        EtfHead head;
        DotRegressionLoss loss;
        using (NewDisposeScope())
            (head, loss) = (new EtfHead(8, 4), new DotRegressionLoss(classLengths: [1, 2, 3, 4]));
        using var scope = NewDisposeScope();
        loss.call(head.call(randn(3, 8)), zeros(3, int64)).item<float>().Should().BePositive();
        head.Dispose();
        loss.Dispose();
    }

    [Fact]
    public void Materialize_Head_GivesTheSameLogits()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("body", nn.Linear(6, 9)), ("head", new EtfHead(9, 5, length: 2)));
        var input = Sample.Normal(2, 4, 6).to(float32);
        var before = model.call(input);
        model.MaterializeEtf();
        Sample.Max(model.call(input) - before).Should().BeLessThan(1e-6);
        model.named_modules().Select(entry => entry.module).OfType<SimplexEtfLinear>().Should().BeEmpty();
        model.named_modules().Select(entry => entry.module).OfType<EtfHead>().Single().TargetLogit.Should().Be(2);
    }

    [Fact]
    public void Monitor_ModelWithAHead_WatchesItsFrame()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("body", nn.Linear(8, 12)), ("head", new EtfHead(12, 4)));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
        var entry = monitor.Evaluate([Watched.Data(60, 8, 4, 1)])["head.frame"];
        entry.NccError.Should().NotBeNull();
        entry.SelfDuality.Should().NotBeNull();
        entry.Measures!.Classifier!.Equinorm.Should().BeLessThan(1e-6);
        entry.Measures.Classifier.EffectiveRank.Should().BeApproximately(3, 1e-5);
    }

    [Fact]
    public void Training_HeadAndLoss_BringFeaturesToTheRows()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var features = randn(40, 12, dtype: float64, generator: generator).requires_grad_(true);
        var labels = arange(40) % 6;
        using var head = new EtfHead(12, 6, dtype: ScalarType.Float64);
        using var loss = new DotRegressionLoss(head.TargetLogit);
        var first = 0.0;
        CollapseMetrics.Of(features.detach(), labels).Means.GramDeviation.Should().BeGreaterThan(0.3);
        for (var step = 0; step < 400; step++)
        {
            using var inner = NewDisposeScope();
            var value = loss.call(head.call(features), labels);
            first = step == 0 ? value.item<double>() : first;
            value.backward();
            using (no_grad())
                features.sub_(features.grad! * 200);
            features.grad!.zero_();
        }

        var metrics = CollapseMetrics.Of(features.detach() / features.detach().norm(1, keepdim: true), labels);
        first.Should().BeGreaterThan(0.3);
        metrics.Means.GramDeviation.Should().BeLessThan(0.05);
        metrics.TraceQuotient.Should().BeLessThan(0.02);
    }

    [Fact]
    public void Forward_OverAndOver_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        using var head = new EtfHead(8, 4);
        using var loss = new DotRegressionLoss(classLengths: [1, 2, 3, 4]);
        var (features, labels) = (randn(5, 8).requires_grad_(true), arange(5) % 4);
        Step();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++)
            Step();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);

        void Step()
        {
            using var inner = NewDisposeScope();
            loss.call(head.call(features), labels).backward();
        }
    }

    [Fact]
    public void Constructor_FromANearestFrame_KeepsItsScale()
    {
        using var scope = NewDisposeScope();
        using var linear = nn.Linear(9, 4);
        var etf = SimplexEtf.NearestTo(linear.weight);
        using var head = new EtfHead(etf, featureLength: 2);
        head.Length.Should().BeApproximately(etf.Scale, 1e-12);
        Sample.Max(head.call(linear.weight.detach()).argmax(1) - arange(4)).Should().Be(0);
    }

    [Fact]
    public void Constructor_BadArguments_AreTypedErrors()
    {
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(3, 5), "*4 features or more*");
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(3, 5, EtfFrame.Random(1).OrColumns), "*4 features or more*");
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(3, 1), "*");
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(0, 2), "*");
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(3, 3, length: 0), "*positive*");
        Throws<ArgumentOutOfRangeException>(() => _ = new EtfHead(3, 3, featureLength: double.NaN), "*positive*");
        Throws<ArgumentException>(() => _ = new EtfHead(3, 3, EtfFrame.Nearest), "*trained*");
        Throws<ArgumentException>(() => _ = new EtfHead(3, 3, dtype: ScalarType.Int64), "*floating*");
        Throws<ArgumentException>(() => _ = new EtfHead(SimplexEtf.Create(EtfFrame.Random(1).OrColumns, 9, 3)), "*rows*");
        Throws<ArgumentNullException>(() => _ = new EtfHead(null!), "*etf*");
    }

    [Fact]
    public void Forward_BadInput_IsATypedError()
    {
        using var scope = NewDisposeScope();
        using var head = new EtfHead(3, 3);
        Throws<ArgumentException>(() => head.forward(randn(2, 4)), "*(2, 4)*(*, 3)*");
        Throws<ArgumentException>(() => head.forward(tensor(1f)), "*(*, 3)*");
        Throws<ArgumentException>(() => head.forward(ones(2, 3, int64)), "*floating*");
        Throws<ArgumentException>(() => head.forward(null!), "*");
    }

    private static void Throws<TException>(Action action, string message)
        where TException : Exception => action.Should().Throw<TException>().WithMessage(message);
}
