using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Transformer;

/// <summary>Blocks under the library's other tools: watched, fixed during training, fixed by name, turned back.</summary>
public sealed class TransformerSurgeryTests
{
    private const int Tokens = 4;
    private const int Width = 8;

    [Theory]
    [InlineData(FeaturePooling.ClassToken)]
    [InlineData(FeaturePooling.TokenMean)]
    public void NccMonitor_OnBlocks_ScoresThePooledTokens(FeaturePooling pooling)
    {
        using var data = new Blobs(samples: 128);
        using var model = new Classifier();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = ["block", "block.feedforward.up"], Pooling = pooling });
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        model.Block.register_forward_hook((_, _, output) =>
        {
            outputs.Add(output.detach().clone().MoveToOtherDisposeScope(scope));
            return output;
        });

        for (var epoch = 0; epoch < 2; epoch++)
        {
            outputs.Clear();
            foreach (var (input, labels) in data.Batches())
            {
                model.call(input);
                monitor.Observe(labels);
            }

            var report = monitor.EndEpoch();
            report.Layers.Select(layer => layer.Name).Should().BeEquivalentTo("block", "block.feedforward.up");
            if (epoch == 0)
                continue;
            // Nothing was trained, so that the centers of the first epoch are those of the second.
            var all = cat(outputs).to(ScalarType.Float64);
            var features = pooling == FeaturePooling.ClassToken ? all.select(1, 0) : all.mean([1L]);
            report.Layers.Single(layer => layer.Name == "block").NccError
                .Should().BeApproximately(LeaveOneOutError(features, data.Labels), 1e-9);
        }
    }

    [Fact]
    public void ApplyAdaptiveEtf_OnALearnedBlock_FixesItsFeedforwardDuringTraining()
    {
        using var data = new Blobs();
        manual_seed(1);
        using var model = new Classifier(
            new EtfTransformerOptions { FeedForward = new EtfFeedForwardOptions { Fixed = FixedProjections.None } });
        using var optimizer = optim.AdamW(model.parameters(), 3e-3);
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.3,
            Include = ["block.feedforward.*"],
            Frame = EtfFrame.Nearest.OrColumns,
            MaxOutputError = 1,
            Pooling = FeaturePooling.TokenMean,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        var loss = double.NaN;
        for (var epoch = 0; epoch < 12; epoch++)
        {
            loss = TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        var feedforward = (EtfFeedForward)model.Block.named_children().Single(child => child.name == "feedforward").module;
        feedforward.Up.Should().BeOfType<SimplexEtfLinear>().Which.Etf.IsColumnFrame.Should().BeTrue();
        feedforward.Down.Should().BeOfType<SimplexEtfLinear>();
        optimizer.parameters().Should().HaveCount(model.parameters().Count());
        loss.Should().BeLessThan(0.3);
    }

    [Fact]
    public void ApplyEtf_OnAttention_FixesAProjectionAndForwardUsesIt()
    {
        using var scope = NewDisposeScope();
        using var model = new Classifier();
        var x = Sample.Normal(1, 3, Blobs.Width).to(ScalarType.Float32);
        var before = model.call(x).detach();
        model.ApplyEtf(EtfFrame.Random(3), "block.attention.value").Should().ContainSingle();
        model.named_modules().Single(m => m.name == "block.attention.value").module.Should().BeOfType<SimplexEtfLinear>();
        Sample.Max(model.call(x) - before).Should().BeGreaterThan(1e-4);
    }

    [Fact]
    public void MaterializeEtf_OnABlock_KeepsTheOutputs()
    {
        using var scope = NewDisposeScope();
        using var model = new Classifier();
        var x = Sample.Normal(1, 3, Blobs.Width).to(ScalarType.Float32);
        var before = model.call(x).detach();
        model.MaterializeEtf().Should().Equal("block.feedforward.up", "block.feedforward.down");
        model.named_modules().Single(m => m.name == "block.feedforward.up").module.Should().BeOfType<Linear>();
        Sample.Max(model.call(x) - before).Should().BeLessThan(1e-5);
    }

    private static double LeaveOneOutError(Tensor features, Tensor labels)
    {
        var wrong = 0;
        for (var i = 0L; i < labels.shape[0]; i++)
        {
            var others = arange(labels.shape[0]).ne(i);
            var distances = Enumerable.Range(0, Blobs.Classes).Select(c =>
                (features[TensorIndex.Tensor(labels.eq(c) & others)].mean([0L]) - features[i]).square().sum().item<double>()).ToList();
            wrong += distances.IndexOf(distances.Min()) == labels[i].item<long>() ? 0 : 1;
        }

        return (double)wrong / labels.shape[0];
    }

    /// <summary>Rows of 16 as four tokens, a block, a head on the token mean.</summary>
    private sealed class Classifier : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> embed = nn.Linear(Blobs.Width / Tokens, Width);
        private readonly EtfTransformerBlock block;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(Width, Blobs.Classes);

        public Classifier(EtfTransformerOptions? options = null)
            : base(nameof(Classifier))
        {
            block = new EtfTransformerBlock(Width, 2, options);
            RegisterComponents();
        }

        public EtfTransformerBlock Block => block;

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.call(block.call(embed.call(input.view(-1, Tokens, Blobs.Width / Tokens))).mean([1L])).MoveToOuterDisposeScope();
        }
    }
}
