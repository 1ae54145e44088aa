using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class AnyModelTests
{
    [Fact]
    public void ConvolutionMaps_Auto_SpatialMean()
    {
        using var scope = NewDisposeScope();
        var conv = nn.Conv2d(1, 6, 3);
        using var model = nn.Sequential(("conv", conv), ("bn", nn.BatchNorm2d(6)), ("act", nn.ReLU()), ("pool", nn.MaxPool2d(2)),
            ("flat", nn.Flatten()), ("head", nn.Linear(54, 3)));
        using var monitor = new NccMonitor(model);
        var (input, labels) = (randn(20, 1, 8, 8), arange(20).remainder(3));
        model.call(input);
        monitor.Observe(labels);

        var layer = monitor.Compute()["conv"];
        layer.FeaturePoint.Should().Be("after BatchNorm2d, ReLU; spatial mean");
        var bn = (BatchNorm2d)model[1];
        var normalized = nn.functional.batch_norm(conv.forward(input), null!, null!, bn.weight, bn.bias, true);
        Watched.ShouldDescribe(layer, normalized.relu().mean([2L, 3L]), labels);
    }

    [Theory]
    [InlineData(FeaturePooling.Auto, "own output; token mean")]
    [InlineData(FeaturePooling.TokenMean, "own output; token mean")]
    [InlineData(FeaturePooling.ClassToken, "own output; class token")]
    [InlineData(FeaturePooling.Flatten, "own output; flattened")]
    [InlineData(FeaturePooling.SpatialMean, "own output; spatial mean")]
    public void TokenSequences_EachPooling_AsItsNameSays(FeaturePooling pooling, string point)
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(4, 6);
        using var monitor = new NccMonitor(layer, new NccMonitorOptions { Pooling = pooling });
        var (input, labels) = (randn(20, 5, 4), arange(20).remainder(3));
        layer.call(input);
        monitor.Observe(labels);

        var output = layer.forward(input);
        var expected = pooling switch
        {
            FeaturePooling.ClassToken => output.select(1, 0),
            FeaturePooling.Flatten => output.flatten(1),
            FeaturePooling.SpatialMean => output.mean([2L]),
            _ => output.mean([1L]),
        };
        monitor.Compute().Layers.Should().ContainSingle().Which.FeaturePoint.Should().Be(point);
        Watched.ShouldDescribe(monitor.Compute()[""], expected, labels);
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void OtherFloatingTypes_Observe_FeaturesAsTheyAre(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(4, 6).to(type);
        using var monitor = new NccMonitor(layer);
        var (input, labels) = (randn(20, 4).to(type), arange(20).remainder(3));
        layer.call(input);
        monitor.Observe(labels);
        Watched.ShouldDescribe(monitor.Compute()[""], layer.forward(input), labels);
    }

    [Fact]
    public void LabelsAndFeaturesNotContiguous_Observe_AsIfTheyWere()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(4, 6);
        using var monitor = new NccMonitor(layer);
        var features = randn(6, 20).t();
        var labels = arange(40).remainder(3).reshape(20, 2).select(1, 0);
        monitor.Observe("", features, labels);
        Watched.ShouldDescribe(monitor.Compute()[""], features.contiguous(), labels.contiguous());
    }

    [Fact]
    public void CustomModules_NestedListsAndTied_OnceEachInCallOrder()
    {
        using var scope = NewDisposeScope();
        using var model = new Custom();
        using var monitor = new NccMonitor(model);
        monitor.Layers.Should().Equal("head", "stem", "blocks.0", "blocks.1", "unused");
        var (input, labels) = (randn(12, 4), arange(12).remainder(3));
        model.call(input);
        monitor.Observe(labels);

        monitor.Layers.Should().Equal("stem", "blocks.0", "blocks.1", "unused", "head");
        var report = monitor.Compute();
        report.Layers.Select(layer => layer.Observed).Should().Equal(12, 24, 12, 0, 12);
        report["unused"].Reason.Should().Contain("no call of it was seen").And.Contain("Observe(layer");
        var stem = model.Stem.forward(input);
        var once = model.Blocks[0].call(stem);
        Watched.ShouldDescribe(report["blocks.0"], cat([once, model.Blocks[0].call(once)]), labels.repeat(2));
    }

    [Fact]
    public void TupleResultAndSeveralInputs_NamedInInclude_FirstTensorIsWatched()
    {
        using var scope = NewDisposeScope();
        using var model = new Pair();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = ["two", "h*"] });
        var (left, right, labels) = (randn(12, 4), randn(12, 4), arange(12).remainder(3));
        model.call(left, right);
        monitor.Observe(labels);

        monitor.Layers.Should().BeEquivalentTo("two", "head");
        Watched.ShouldDescribe(monitor.Compute()["two"], left + right, labels);
        var exact = monitor.Evaluate([(left, right, labels)], batch => model.call(batch.left, batch.right), batch => batch.labels);
        Watched.ShouldDescribe(exact["two"], left + right, labels);
        monitor.Invoking(m => m.Evaluate([(left, labels)]))
            .Should().Throw<InvalidOperationException>().WithMessage("*Evaluate(batches, forward, labels)*");
    }

    [Fact]
    public void NativeComposite_NeverFires_FeaturesByHand()
    {
        using var scope = NewDisposeScope();
        using var model = new UsesForward();
        using var monitor = new NccMonitor(model);
        var (input, labels) = (randn(12, 4), arange(12).remainder(3));
        var output = model.call(input);
        monitor.Invoking(m => m.Observe(labels)).Should().Throw<InvalidOperationException>().WithMessage("*forward()*call()*");
        monitor.Compute()["Layer"].Reason.Should().Contain("no call of it was seen");

        for (var epoch = 0; epoch < 2; epoch++)
        {
            monitor.Observe("Layer", output, labels);
            monitor.Observe("encoder, by hand", output * 2, labels);
            if (epoch == 0)
                monitor.EndEpoch();
        }

        var report = monitor.Compute();
        Watched.ShouldDescribe(report["Layer"], output, labels);
        report["encoder, by hand"].FeaturePoint.Should().Be("given by hand");
        report["encoder, by hand"].NccError.Should().Be(report["Layer"].NccError).And.NotBeNull();
    }

    [Fact]
    public void AnotherNumberOfRows_IsReportedNotAveraged()
    {
        using var scope = NewDisposeScope();
        using var model = new Windows();
        using var monitor = new NccMonitor(model);
        model.call(randn(6, 8));
        monitor.Observe(arange(6).remainder(3));
        monitor.Compute()["inner"].Reason.Should().Contain("12 rows").And.Contain("6 labels");
        monitor.Compute()["inner"].Observed.Should().Be(0);
        monitor.Compute()["head"].Observed.Should().Be(6);
    }

    [Fact]
    public void IncludeAndExclude_Patterns_ChooseLayers()
    {
        using var model = nn.Sequential(("fc1", nn.Linear(2, 2)), ("fc2", nn.Linear(2, 2)), ("head", nn.Linear(2, 2)), ("act", nn.ReLU()));
        Layers(new() { Include = ["fc*"] }).Should().Equal("fc1", "fc2");
        Layers(new() { Exclude = ["fc1", "h*"] }).Should().Equal("fc2");
        Layers(new() { Include = [] }).Should().Equal(Layers(new()), "an empty list stands for all");
        ((Action)(() => _ = new NccMonitorOptions { Include = null! })).Should().Throw<ArgumentNullException>();
        ((Action)(() => _ = new DepthOptions { Include = null! })).Should().Throw<ArgumentNullException>();
        Layers(new() { Include = ["*"] }).Should().Equal("fc1", "fc2", "head");
        Layers(new() { Include = ["act", "fc2"] }).Should().Equal("fc2", "act");
        Failing(new() { Include = ["fc1", "fx*"] }).Should().Throw<ArgumentException>().WithMessage("*fx**fc1, fc2, head*");
        Failing(new() { Exclude = ["*"] }).Should().Throw<ArgumentException>().WithMessage("*Exclude*fc1, fc2, head*");
        using var none = nn.Sequential(nn.ReLU());
        none.Invoking(m => _ = new NccMonitor(m))
            .Should().Throw<ArgumentException>().WithMessage("*no linear or convolution layer*Include*");

        IEnumerable<string> Layers(NccMonitorOptions options)
        {
            using var monitor = new NccMonitor(model, options);
            return [.. monitor.Layers];
        }

        Action Failing(NccMonitorOptions options) => () => _ = new NccMonitor(model, options);
    }

    private sealed class Custom : nn.Module<Tensor, Tensor>
    {
        private readonly Linear head = nn.Linear(5, 3);
        private readonly Linear stem = nn.Linear(4, 5);
        private readonly ModuleList<nn.Module<Tensor, Tensor>> blocks =
            nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(5, 5), nn.Linear(5, 5));
        private readonly Linear tied;
        private readonly Linear unused = nn.Linear(5, 5);

        public Custom()
            : base(nameof(Custom))
        {
            tied = (Linear)blocks[0];
            RegisterComponents();
        }

        public Linear Stem => stem;

        public ModuleList<nn.Module<Tensor, Tensor>> Blocks => blocks;

        public override Tensor forward(Tensor input) => head.call(blocks[1].call(tied.call(blocks[0].call(stem.call(input)))));
    }

    private sealed class Two() : nn.Module<Tensor, Tensor, (Tensor, Tensor)>(nameof(Two))
    {
        public override (Tensor, Tensor) forward(Tensor input1, Tensor input2) => (input1 + input2, input1 - input2);
    }

    private sealed class Pair : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Two two = new();
        private readonly Linear head = nn.Linear(4, 3);

        public Pair()
            : base(nameof(Pair)) => RegisterComponents();

        public override Tensor forward(Tensor input1, Tensor input2)
        {
            var (sum, difference) = two.call(input1, input2);
            return head.call(sum * difference);
        }
    }

    private sealed class UsesForward : nn.Module<Tensor, Tensor>
    {
        private readonly Linear Layer = nn.Linear(4, 3);

        public UsesForward()
            : base(nameof(UsesForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => Layer.forward(input);
    }

    private sealed class Windows : nn.Module<Tensor, Tensor>
    {
        private readonly Linear inner = nn.Linear(4, 4);
        private readonly Linear head = nn.Linear(8, 3);

        public Windows()
            : base(nameof(Windows)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(inner.call(input.reshape(-1, 4)).reshape(-1, 8));
    }
}
