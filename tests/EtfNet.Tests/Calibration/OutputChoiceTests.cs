using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

/// <summary>Models that return more than their class scores: the cost of a fix is judged by the scores.</summary>
public sealed class OutputChoiceTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly OutputChoice _choice = new(FeaturePooling.Auto, -100);

    public OutputChoiceTests() => manual_seed(3);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Of_SeveralTensors_IsTheOneThatPredictsTheLabels_AtAnyPlace()
    {
        var labels = arange(40).remainder(4);
        var scores = nn.functional.one_hot(labels, 4).to(float32) * 5;
        var features = randn(40, 16);
        _choice.Of([features, scores], labels).Should().BeSameAs(scores);
        _choice.Of([features, rand(40, 4)], labels).Should().NotBeSameAs(features, "the first batch has decided");
        new OutputChoice(FeaturePooling.Auto, null).Of([scores, features], labels).Should().BeSameAs(scores);
        new OutputChoice(FeaturePooling.Auto, null).Of([labels, features, scores.argmax(1), scores], labels).Should().BeSameAs(scores);
    }

    [Fact]
    public void Of_ScoresPerPosition_AreFoundToo()
    {
        var labels = arange(40).remainder(4).reshape(8, 5);
        var scores = nn.functional.one_hot(labels, 4).to(float32) * 5;
        _choice.Of([randn(8, 5, 16), scores], labels).Should().BeSameAs(scores);
    }

    [Fact]
    public void Of_NothingThatPredictsTheLabels_IsTheFirst()
    {
        var (a, b) = (randn(40, 16), randn(40, 4));
        _choice.Of([a, b], arange(40).remainder(4)).Should().BeSameAs(a);
        _choice.Of([a, b], null).Should().BeSameAs(a);
        _choice.Of([b], null).Should().BeSameAs(b);
        _choice.Of([], arange(3)).Should().BeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EndEpoch_ModelThatReturnsAReconstructionFirst_TriesFixesByTheLossOfItsScores(bool picked)
    {
        using var data = new Blobs(512);
        var model = new TwoOutputs();
        var optimizer = optim.Adam(model.parameters(), 0.003);
        var options = TrainingLoop.Eager with { Logits = picked ? result => (((Tensor, Tensor))result).Item2 : null };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        Train(6);
        etf.Report.FixedLayers.Should().NotBeEmpty(etf.Report.ToString());
        etf.Report.FixedLayers.Should().OnlyContain(layer => layer.LossBefore != null && layer.LossAfter != null && layer.TrialGap == null);

        void Train(int epochs)
        {
            for (var epoch = 0; epoch < epochs; epoch++)
            {
                foreach (var (input, labels) in data.Batches())
                {
                    optimizer.zero_grad();
                    var (again, scores) = model.call(input);
                    (nn.functional.cross_entropy(scores, labels) + nn.functional.mse_loss(again, input)).backward();
                    optimizer.step();
                    etf.Observe(labels);
                }

                etf.EndEpoch();
            }
        }
    }

    [Theory]
    [InlineData(FixDecision.Online)]
    [InlineData(FixDecision.Exact)]
    public void EndEpoch_ModelThatReturnsClassesInEvaluation_FixesWithoutATrialAndSaysSo(FixDecision decision)
    {
        using var data = new Blobs(512);
        var model = new ClassesInEvaluation();
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Decision = decision }, optimizer);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
            model.training.Should().BeTrue();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty(etf.Report.ToString());
        etf.Report.FixedLayers.Should().OnlyContain(layer => layer.TrialGap == LayerReason.OutputsNotScored && layer.LossBefore == null);
    }

    private sealed class ClassesInEvaluation : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public ClassesInEvaluation()
            : base(nameof(ClassesInEvaluation)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var scores = head.call(hidden.call(input).relu());
            return training ? scores : scores.argmax(1);
        }
    }

    /// <summary>A reconstruction of the input, and class scores.</summary>
    private sealed class TwoOutputs : nn.Module<Tensor, (Tensor, Tensor)>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> second = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> back = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public TwoOutputs()
            : base(nameof(TwoOutputs)) => RegisterComponents();

        public override (Tensor, Tensor) forward(Tensor input)
        {
            var features = second.call(first.call(input).relu()).relu();
            return (back.call(features), head.call(features));
        }
    }
}
