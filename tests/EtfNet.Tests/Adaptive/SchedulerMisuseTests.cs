using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>What must be refused, or come through unharmed.</summary>
public sealed class SchedulerMisuseTests : SchedulerTests
{
    [Fact]
    public void EndEpoch_Misused_ThrowsAndChangesNothing()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        ((Action)(() => etf.EndEpoch())).Should().Throw<InvalidOperationException>().WithMessage("*No batch*");
        ((Action)(() => etf.Observe(Data.Labels))).Should().Throw<InvalidOperationException>();
        TrainingLoop.Epoch(Model, Optimizer, Data, etf);
        foreach (var outside in new[] { 90, -0.1, double.NaN })
        {
            ((Action)(() => etf.EndEpochWithAccuracy(outside))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*[0, 1]*");
            ((Action)(() => etf.EndEpochWithAccuracy(Data.Batches(), outside))).Should().Throw<ArgumentOutOfRangeException>();
        }

        Exception? inside = null;
        var head = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(Model).Single(node => node.Path == "head").Module;
        var hook = head.register_forward_hook((_, _, _) =>
        {
            inside = Record.Exception(() => etf.EndEpoch());
            return null!;
        });
        Outputs();
        hook.remove();
        inside.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("in progress");

        etf.EndEpoch().Epoch.Should().Be(1);
        etf.Dispose();
        ((Action)(() => etf.EndEpoch())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void EndEpoch_ForwardThrewBefore_Works()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        TrainingLoop.Epoch(Model, Optimizer, Data, etf);
        using var wrong = zeros(3, 7);
        ((Action)(() => Model.call(wrong))).Should().Throw<Exception>();
        etf.EndEpoch().Epoch.Should().Be(1);
    }

    [Fact]
    public void EndEpoch_ModelChangedByHand_NamesTheLayer()
    {
        using var model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));
        using var optimizer = optim.SGD(model.parameters(), 0.05);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        using var other = nn.Linear(16, 16);
        LayerReplacement.Plan(model, [(ModuleTree.Walk(model).Single(node => node.Path == "0").Module, typeof(Linear))])[0].Put(other);
        ((Action)(() => etf.EndEpoch())).Should().Throw<InvalidOperationException>().WithMessage("*'0'*by hand*");
    }

    [Fact]
    public void ApplyAdaptiveEtf_BadInput_TypedExceptions()
    {
        using var none = nn.Sequential(nn.ReLU());
        ((Action)(() => none.ApplyAdaptiveEtf(0.1)))
            .Should().Throw<ArgumentException>().WithMessage("*no trainable linear layer or convolution*");
        ((Action)(() => Model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Exclude = ["*"] })))
            .Should().Throw<ArgumentException>().WithMessage("*hidden, head*");
        ((Action)(() => Model.ApplyAdaptiveEtf(1.5))).Should().Throw<ArgumentOutOfRangeException>();
        using var stranger = nn.Linear(2, 2);
        using var foreign = optim.SGD(stranger.parameters(), 0.1);
        ((Action)(() => Model.ApplyAdaptiveEtf(0.1, foreign))).Should().Throw<ArgumentException>().WithMessage("*SGD*none of the model's*");
        using var lbfgs = optim.LBFGS(Model.parameters());
        ((Action)(() => Model.ApplyAdaptiveEtf(0.1, lbfgs))).Should().Throw<NotSupportedException>().WithMessage("*LBFGS*");
        using var etf = Model.ApplyAdaptiveEtf(0.1, Optimizer);
    }

    [Fact]
    public void ApplyAdaptiveEtf_ShapeWithoutFrame_IsSkippedWithTheReason()
    {
        using var model = nn.Sequential(("up", nn.Linear(16, 64)), ("act", nn.ReLU()), ("head", nn.Linear(64, 4)));
        using var etf = model.ApplyAdaptiveEtf(0.1);
        etf.Report.Skipped.Should().ContainSingle().Which.Reason.Should().Contain("OrColumns");
    }

    [Fact]
    public void EndEpoch_ModelThrowsInEvaluation_LayersWaitAndSayWhy()
    {
        using var model = new TrainsOnly { Throws = true };
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        var reasons = new List<LayerDecision>();
        for (var epoch = 1; epoch <= 4; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, Data, etf);
            reasons.AddRange(etf.EndEpoch().Layers.Select(layer => layer.Decision));
        }

        reasons.Should().Contain(reason => reason.Reason == LayerReason.ReplayFailed && reason.Detail == "no evaluation");
        model.training.Should().BeTrue();
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
        ((Action)(() => etf.EndEpoch())).Should().Throw<InvalidOperationException>().WithMessage("*No batch*");
        model.Throws = false;
        TrainingLoop.UntilFixed(model, optimizer, Data, etf, "hidden");
    }

    [Fact]
    public void EndEpoch_FrozenLayer_IsLeftAloneUntilItIsUnfrozen()
    {
        var weight = Model.named_parameters().Single(entry => entry.name == "hidden.weight").parameter;
        weight.requires_grad_(false);
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        var report = TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "head");
        report.Layers.Single(layer => layer.Name == "hidden").Note.Should().Contain("frozen");
        weight.requires_grad_(true);
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
    }

    [Fact]
    public void ApplyAdaptiveEtf_IncludeThatNamesNothing_SaysSo()
    {
        ((Action)(() => Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden", "haed"] })))
            .Should().Throw<ArgumentException>().WithMessage("*'haed'*hidden, head*");
        Model.ApplyEtf(EtfFrame.Identity, "hidden");
        using var etf = Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden", "head"] });
    }

    [Fact]
    public void AddOptimizer_OfAnotherModel_Throws()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        using var stranger = nn.Linear(2, 2);
        using var foreign = optim.SGD(stranger.parameters(), 0.1);
        ((Action)(() => etf.AddOptimizer(foreign))).Should().Throw<ArgumentException>().WithMessage("*SGD*none of the model's*");
        ((Action)(() => etf.AddOptimizer(null!))).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Report_Notes_AreSentences()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager with { MaxPerEpoch = 1, WarmupEpochs = 1 }, Optimizer);
        var text = "";
        for (var epoch = 0; epoch < 4; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
            text += etf.EndEpoch();
        }

        text.Should().Contain("at most 1 layer per epoch").And.NotContain("1 layers");
        using var root = nn.Linear(16, 4);
        using var own = root.ApplyAdaptiveEtf(Eager);
        own.Report.ToString().Should().Contain("(model)");
    }

    private sealed class TrainsOnly : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public TrainsOnly()
            : base(nameof(TrainsOnly)) => RegisterComponents();

        public bool Throws { get; set; }

        public override Tensor forward(Tensor input) =>
            !training && Throws ? throw new NotSupportedException("no evaluation") : head.call(nn.functional.relu(hidden.call(input)));
    }

    [Fact]
    public void EndEpoch_OneClassOnly_FixesNothing()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            foreach (var (input, labels) in Data.Batches())
            {
                using var scope = NewDisposeScope();
                Step(input, zeros_like(labels));
                etf.Observe(zeros_like(labels));
            }

            etf.EndEpoch().FixedLayers.Should().BeEmpty("a single class is always nearest to itself");
        }

        etf.Report.Layers.Should().OnlyContain(layer => layer.Note.Contains("one class"));
    }
}
