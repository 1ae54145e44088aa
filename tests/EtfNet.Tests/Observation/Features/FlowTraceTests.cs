using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Features;

/// <summary>Features are taken behind the normalization that takes exactly a layer's output, which no structure shows.</summary>
public sealed class FlowTraceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EndEpoch_NormInsideABlock_ScoresWhatTheNormGave(bool inPlace)
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        var model = new Block(inPlace);

        var layers = ScoresAsByHand(model, _ => new() { ["conv"] = model.Given! });

        layers["conv"].FeaturePoint.Should().StartWith("after BatchNorm2d, which takes its output");
        layers["loose"].FeaturePoint.Should().StartWith("own output", "the norm takes a sum");
        layers["twice"].FeaturePoint.Should().StartWith("own output", "two norms take its outputs");
        layers["head"].FeaturePoint.Should().StartWith("own output");
        layers["added"].FeaturePoint.Should().StartWith("own output", "the norm takes what was added to in place");
        layers["instance"].FeaturePoint.Should().StartWith("own output", "its norm makes all spatial means 0");
    }

    /// <summary>What is behind a norm that takes several outputs is no layer's own.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EndEpoch_NormOfSeveralLayersOrOfASumToo_ScoresOwnOutputs(bool ofASum)
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        var model = new SharedNorm(ofASum);

        var layers = ScoresAsByHand(model, _ => model.Given);

        layers["conv1"].FeaturePoint.Should().StartWith("own output");
        layers["conv2"].FeaturePoint.Should().StartWith("own output");
    }

    /// <summary>As with a batch norm per domain: what the first forward gave, behind the first norm, counts no longer.</summary>
    [Fact]
    public void EndEpoch_NormThatChanges_ScoresOwnOutputsFromThenOn()
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        var model = new Changing();

        var layers = ScoresAsByHand(model, call => call == 0 ? [] : new() { ["first"] = model.Given! });

        layers["first"].FeaturePoint.Should().StartWith("own output");
    }

    /// <summary>Two calls before the norm's first, and a forward that ends between layer and norm, break nothing.</summary>
    [Fact]
    public void EndEpoch_TwoCallsAndAForwardThatThrew_StaysBehindTheNorm()
    {
        using var outer = NewDisposeScope();
        manual_seed(1);
        using var data = new Blobs(samples: 160, noise: 2);
        var model = new Twice();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ClassCount = Blobs.Classes, ScoreEvery = 1 });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (input, labels) in data.Batches())
            {
                model.call(input);
                monitor.Observe(labels);
                model.Throws = true;
                ((Action)(() => model.call(input))).Should().Throw<InvalidDataException>();
                model.Throws = false;
            }

            var layer = monitor.EndEpoch().Layers.Single(layer => layer.Name == "first");
            layer.FeaturePoint.Should().StartWith("after BatchNorm1d, which takes its output");
            layer.Samples.Should().Be(epoch * 2 * 160);
        }
    }

    [Fact]
    public void Compute_OwnOutputAskedFor_StaysThere()
    {
        using var data = new Blobs(samples: 32);
        using var model = new Block(false);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { FeaturePoint = FeaturePoint.OwnOutput });
        foreach (var (input, labels) in data.Batches(16))
        {
            using var scope = NewDisposeScope();
            model.call(input);
            monitor.Observe(labels);
        }

        monitor.Compute().Layers.Select(layer => layer.FeaturePoint)
            .Should().NotContain(point => point.StartsWith("after"));
    }

    [Fact]
    public void Forwards_LeaveNoTensorsAndNoHooksOfNormsBehind()
    {
        using var data = new Blobs(samples: 64);
        using var model = new Block(false);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ClassCount = Blobs.Classes });
        Epoch();
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Epoch();
        Epoch();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);

        void Epoch()
        {
            using var outer = NewDisposeScope();
            foreach (var (input, labels) in data.Batches(16))
            {
                using var scope = NewDisposeScope();
                model.call(input);
                monitor.Observe(labels);
                model.Given!.Dispose();
            }

            monitor.EndEpoch();
        }
    }

    /// <summary>Two epochs of forwards; the errors of some layers must be those of features that are handed over, the first batch like
    /// all others.</summary>
    /// <param name="model">The model.</param>
    /// <param name="given">The features by layer, for a forward.</param>
    private static Dictionary<string, LayerCollapse> ScoresAsByHand(
        nn.Module<Tensor, Tensor> model, Func<int, Dictionary<string, Tensor>> given)
    {
        using var data = new Blobs(samples: 160, noise: 2);
        var options = new NccMonitorOptions { ClassCount = Blobs.Classes };
        using var monitor = new NccMonitor(model, options);
        using var byHand = new NccMonitor(nn.Sequential(("other", nn.Linear(2, 2))), options);
        var (calls, errors) = (0, new Dictionary<string, LayerCollapse>());
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (input, labels) in data.Batches())
            {
                model.call(input);
                monitor.Observe(labels);
                foreach (var (name, features) in given(calls++))
                    byHand.Observe(name, features, labels);
            }

            errors = monitor.EndEpoch().Layers.ToDictionary(layer => layer.Name);
            foreach (var layer in byHand.EndEpoch().Layers.Where(layer => epoch > 0 && layer.Name != "other"))
            {
                errors[layer.Name].NccError.Should().Be(layer.NccError).And.NotBeNull();
                layer.NccError.Should().BeGreaterThan(0, "at 0 anything would do");
            }
        }

        return errors;
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(1, 6, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> norm = nn.BatchNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> loose = nn.Conv2d(6, 6, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> norm2 = nn.BatchNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> twice = nn.Conv2d(6, 6, 1);
        private readonly nn.Module<Tensor, Tensor> norm3 = nn.BatchNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> norm4 = nn.BatchNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> added = nn.Conv2d(6, 6, 1);
        private readonly nn.Module<Tensor, Tensor> norm5 = nn.BatchNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> instance = nn.Conv2d(6, 6, 1);
        private readonly nn.Module<Tensor, Tensor> norm6 = nn.InstanceNorm2d(6);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(96, 4);
        private readonly bool _inPlace;

        public Block(bool inPlace)
            : base(nameof(Block))
        {
            _inPlace = inPlace;
            RegisterComponents();
        }

        /// <summary>The spatial mean of what the first norm gave last.</summary>
        public Tensor? Given { get; private set; }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var given = norm.call(conv.call(input.view(-1, 1, 4, 4)));
            Given = given.detach().mean([2, 3]).MoveToOuterDisposeScope();
            var x = _inPlace ? given.relu_() : given.relu();
            x = norm2.call(loose.call(x) + x).relu();
            x = norm3.call(twice.call(x)).relu();
            x = norm4.call(twice.call(x)).relu();
            x = norm5.call(added.call(x).add_(x)).relu();
            x = norm6.call(instance.call(x)).relu();
            return head.call(x.flatten(1)).MoveToOuterDisposeScope();
        }
    }

    private sealed class SharedNorm : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv1 = nn.Conv2d(1, 6, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> conv2 = nn.Conv2d(6, 6, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> norm = nn.GroupNorm(3, 6, affine: false);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(96, 4);
        private readonly bool _ofASum;

        public SharedNorm(bool ofASum)
            : base(nameof(SharedNorm))
        {
            _ofASum = ofASum;
            RegisterComponents();
        }

        /// <summary>The spatial means of what the convolutions gave last.</summary>
        public Dictionary<string, Tensor> Given { get; } = [];

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var first = conv1.call(input.view(-1, 1, 4, 4));
            var x = norm.call(first).relu();
            var second = conv2.call(x);
            x = norm.call(_ofASum ? second + x : second).relu();
            Given["conv1"] = first.detach().mean([2, 3]).MoveToOuterDisposeScope();
            Given["conv2"] = second.detach().mean([2, 3]).MoveToOuterDisposeScope();
            return head.call(x.flatten(1)).MoveToOuterDisposeScope();
        }
    }

    private sealed class Changing : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 8);
        private readonly nn.Module<Tensor, Tensor> norm1 = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> norm2 = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, 4);
        private int _calls;

        public Changing()
            : base(nameof(Changing)) => RegisterComponents();

        /// <summary>What the first layer gave last.</summary>
        public Tensor? Given { get; private set; }

        public override Tensor forward(Tensor input)
        {
            var x = first.call(input);
            Given = x.detach().clone();
            return head.call((_calls++ % 2 == 0 ? norm1 : norm2).call(x).relu());
        }
    }

    private sealed class Twice : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 8);
        private readonly nn.Module<Tensor, Tensor> norm = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, 4);

        public Twice()
            : base(nameof(Twice)) => RegisterComponents();

        public bool Throws { get; set; }

        public override Tensor forward(Tensor input)
        {
            var (one, other) = (first.call(input), first.call(input + 1));
            if (Throws)
                throw new InvalidDataException();
            return head.call((norm.call(one) + norm.call(other)).relu());
        }
    }
}
