using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Models that the scheduler must see right: children called by <c>forward</c>, labels per token.</summary>
public sealed class SchedulerModelTests
{
    [Fact]
    public void MnistExampleOfTorchSharp_ChildrenByForward_TrainsUnderDefaultsWithLayersFixed()
    {
        using var generator = new Generator(4);
        var images = 2 * randn(4, 1, 12, 12, generator: generator);
        using var model = new Mnist();
        using var optimizer = optim.Adam(model.parameters(), 0.002);
        var names = model.state_dict().Keys.ToList();
        using var etf = model.ApplyAdaptiveEtf(0.1, optimizer);
        EtfReport report = etf.Report;
        for (var epoch = 0; epoch < 5 && report.FixedLayers.Count == 0; epoch++)
        {
            for (var i = 0; i < 30; i++)
            {
                using var scope = NewDisposeScope();
                var y = randint(0, 4, [48], dtype: int64, generator: generator);
                var x = images.index_select(0, y) + (0.5 * randn(48, 1, 12, 12, generator: generator));
                optimizer.zero_grad();
                nn.functional.nll_loss(model.call(x), y).backward();
                optimizer.step();
                if (epoch == 0 && i == 1)
                    model.state_dict().Keys.Should().Equal(names);
                etf.Observe(y);
            }

            report = etf.EndEpoch();
        }

        report.FixedLayers.Should().NotBeEmpty(report.ToString());
        report.UnlabeledForwards.Should().Be(0);
    }

    [Theory]
    [InlineData(false, FixDecision.Online)]
    [InlineData(true, FixDecision.Online)]
    [InlineData(false, FixDecision.Exact)]
    public void Tagger_LabelsPerToken_TrainsUnderDefaultsWithLayersFixed(bool flat, FixDecision decision)
    {
        using var generator = new Generator(4);
        var words = 2 * randn(5, 16, generator: generator);
        using var model = new Tagger(flat);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.1, Decision = decision }, optimizer);
        EtfReport report = etf.Report;
        for (var epoch = 0; epoch < 6 && report.FixedLayers.Count == 0; epoch++)
        {
            for (var i = 0; i < 20; i++)
            {
                using var scope = NewDisposeScope();
                var y = randint(0, 5, [16, 7], dtype: int64, generator: generator);
                var x = words.index_select(0, y.flatten()).reshape(16, 7, 16) + (1.5 * randn(16, 7, 16, generator: generator));
                // Padding has no class.
                y[.., 6] = -100;
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(x).reshape(-1, 5), y.flatten()).backward();
                optimizer.step();
                etf.Observe(y);
            }

            report = etf.EndEpoch();
        }

        report.FixedLayers.Should().NotBeEmpty(report.ToString());
        report.Remarks.Should().BeEmpty();
    }

    /// <summary>The shape of TorchSharp's own MNIST example.</summary>
    private sealed class Mnist : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv1 = nn.Conv2d(1, 16, 3);
        private readonly nn.Module<Tensor, Tensor> conv2 = nn.Conv2d(16, 16, 3);
        private readonly nn.Module<Tensor, Tensor> fc1 = nn.Linear(256, 32);
        private readonly nn.Module<Tensor, Tensor> fc2 = nn.Linear(32, 4);
        private readonly nn.Module<Tensor, Tensor> pool1 = nn.MaxPool2d(2);
        private readonly nn.Module<Tensor, Tensor> relu1 = nn.ReLU();
        private readonly nn.Module<Tensor, Tensor> dropout1 = nn.Dropout(0.25);
        private readonly nn.Module<Tensor, Tensor> flatten = nn.Flatten();
        private readonly nn.Module<Tensor, Tensor> logsm = nn.LogSoftmax(1);

        public Mnist()
            : base(nameof(Mnist)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var maps = pool1.forward(relu1.forward(conv2.forward(relu1.forward(conv1.forward(input)))));
            var features = relu1.forward(fc1.forward(flatten.forward(dropout1.forward(maps))));
            return logsm.forward(fc2.forward(features));
        }
    }

    private sealed class Tagger : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> body = nn.Linear(16, 64);
        private readonly nn.Module<Tensor, Tensor> deep = nn.Linear(64, 64);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(64, 5);
        private readonly bool _flat;

        public Tagger(bool flat)
            : base(nameof(Tagger))
        {
            _flat = flat;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var output = head.call(nn.functional.relu(deep.call(nn.functional.relu(body.call(input)))));
            return _flat ? output.reshape(-1, 5) : output;
        }
    }
}
