using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

/// <summary>Heads that were not shown all of their classes.</summary>
public sealed class UnseenClassesTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options = TrainingLoop.Eager with { Order = FixOrder.Independent, MaxPerEpoch = 100 };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Blobs _data = new(512);

    public UnseenClassesTests() => manual_seed(2);

    public void Dispose()
    {
        _data.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Head_OfMoreClassesThanWereSeen_WaitsAndSaysSo_WhileOtherLayersAreFixed()
    {
        var (model, optimizer) = Network(10);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        var reasons = new List<LayerDecision>();
        for (var epoch = 0; epoch < 6; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            reasons.Add(etf.EndEpoch()["head"].Decision);
        }

        etf.Report.FixedLayers.Select(layer => layer.Name).Should().BeEquivalentTo("fc1", "fc2");
        var first = reasons.Find(reason => reason.Reason == LayerReason.ClassesUnseen);
        first.Should().NotBeNull(etf.Report.ToString());
        (first!.Value, first.Limit).Should().Be((4, 10));
        first.ToString().Should().Be("waits: it is the head of 10 classes, of which 4 have been seen");
        reasons.SkipWhile(reason => reason.Reason != LayerReason.ClassesUnseen).Should().OnlyContain(
            reason => reason.Reason == LayerReason.ClassesUnseen || reason.Refusal!.Reason == LayerReason.ClassesUnseen);
    }

    /// <summary>A head may be a convolution, before the mean over positions or for each of them.</summary>
    [Theory]
    [InlineData("pooled")]
    [InlineData("one position")]
    [InlineData("per position")]
    public void ConvolutionalHead_OfMoreClassesThanWereSeen_Waits(string kind)
    {
        var isOne = kind == "one position";
        var isMap = kind == "per position";
        var modules = new List<(string, nn.Module<Tensor, Tensor>)>
        {
            ("maps", isOne ? nn.Unflatten(1, [16, 1, 1]) : nn.Unflatten(1, [1, 4, 4])),
            ("conv", isOne ? nn.Conv2d(16, 16, 1) : nn.Conv2d(1, 16, 3, padding: 1)), ("norm", nn.BatchNorm2d(16)), ("act", nn.ReLU()),
            ("head", nn.Conv2d(16, 8, 1)),
        };
        if (!isMap)
            modules.AddRange([("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten())]);
        var model = nn.Sequential(modules);
        var optimizer = optim.Adam(model.parameters(), 0.01);
        using var etf = model.ApplyAdaptiveEtf(Options with { Include = ["head"], Epsilon = 0.7 }, optimizer);
        var reasons = new List<LayerReason>();
        for (var epoch = 0; epoch < 4; epoch++)
        {
            foreach (var (input, rows) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                var labels = isMap ? rows.view(-1, 1, 1).expand(-1, 4, 4).contiguous() : rows;
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(input), labels).backward();
                optimizer.step();
                etf.Observe(labels);
            }

            reasons.Add(etf.EndEpoch()["head"].Decision.Reason);
        }

        etf.Report.FixedLayers.Should().BeEmpty();
        reasons.Should().Contain(LayerReason.ClassesUnseen);
    }

    [Fact]
    public void Head_OnceAllClassesHaveBeenSeen_IsFixed()
    {
        var (model, optimizer) = Network(4);
        var few = _data.Labels.less(3).nonzero().flatten();
        using var etf = model.ApplyAdaptiveEtf(Options with { Include = ["head"] }, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Epoch(model, optimizer, etf, _data.Inputs[few], _data.Labels[few]);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report["head"].Decision.ToString().Should().Contain("of 4 classes, of which 3 have been seen");
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "head");
    }

    [Fact]
    public void Head_WithMoreOutputsThanTheUserHasClasses_IsFixed()
    {
        var (model, optimizer) = Network(6);
        using var etf = model.ApplyAdaptiveEtf(Options with { Include = ["head"], ClassCount = 4 }, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "head");
    }

    [Fact]
    public void LastLayer_ThatGivesNoClassScores_IsNoHead()
    {
        // An embedding of 12 coordinates, trained by the distance to fixed points: twelve outputs, four classes.
        var model = nn.Sequential(("fc1", nn.Linear(16, 16)), ("act", nn.ReLU()), ("embed", nn.Linear(16, 12)));
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var generator = new Generator(3);
        var points = randn([4, 12], generator: generator);
        using var etf = model.ApplyAdaptiveEtf(Options with { Include = ["embed"] }, optimizer);
        for (var epoch = 0; epoch < 6; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                optimizer.zero_grad();
                nn.functional.mse_loss(model.call(input), points[labels]).backward();
                optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().ContainSingle(etf.Report.ToString());
    }

    [Fact]
    public void LabelsOfOneClassOnly_NothingIsFixed_AndEachLayerSaysSo()
    {
        var (model, optimizer) = Network(4);
        var one = _data.Labels.eq(2).nonzero().flatten();
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            Epoch(model, optimizer, etf, _data.Inputs[one], _data.Labels[one]);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report.Layers.Should().OnlyContain(layer => layer.Note.StartsWith("only one class was seen"));
    }

    private static void Epoch(
        nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, AdaptiveEtfScheduler etf, Tensor inputs, Tensor labels)
    {
        foreach (var (input, target) in inputs.split(32).Zip(labels.split(32)))
        {
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(input), target).backward();
            optimizer.step();
            etf.Observe(target);
        }
    }

    private static (nn.Module<Tensor, Tensor> Model, optim.Optimizer Optimizer) Network(int outputs)
    {
        var model = nn.Sequential(
            ("fc1", nn.Linear(16, 16)), ("act1", nn.ReLU()), ("fc2", nn.Linear(16, 16)), ("act2", nn.ReLU()),
            ("head", nn.Linear(16, outputs)));
        return (model, optim.Adam(model.parameters(), 0.003));
    }
}
