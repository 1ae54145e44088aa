using System.Collections.ObjectModel;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement;

/// <summary>Several layers at once: all of them, or none.</summary>
public sealed class LayerFixTests : IDisposable
{
    private readonly Blobs _data = new();

    public static TheoryData<string, bool> Kinds
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var kind in OptimizerKinds.Names)
                foreach (var lazy in new[] { true, false })
                    cases.Add(kind, lazy);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Apply_LastPlaceRefuses_ModelAndOptimizerAreAsBefore(string kind, bool lazy)
    {
        using var model = new Watchful();
        using var optimizer = OptimizerKinds.Make(kind, lazy ? model.parameters() : model.parameters().ToList());
        TrainingLoop.Epoch(model, optimizer, _data);
        var before = Reading(model, optimizer);
        var gradient = model.First.weight.grad!.data<float>().ToArray();
        model.Refuses = true;
        ((Action)(() => model.ApplyEtf(EtfFrame.Random(1), ["first", "second"], [optimizer]))).Should().Throw<NotSupportedException>()
            .WithMessage("*as it is*");

        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
        Reading(model, optimizer).Should().Equal(before);
        model.First.weight.grad!.data<float>().ToArray().Should().Equal(gradient);
        model.Refuses = false;
        TrainingLoop.Epoch(model, optimizer, _data);
        model.ApplyEtf(EtfFrame.Random(1), ["first", "second"], [optimizer]).Should().HaveCount(2);
        TrainingLoop.Epoch(model, optimizer, _data);
    }

    /// <summary>float16 ends at 65504.</summary>
    [Fact]
    public void ApplyEtf_OneOfSeveralFramesOverflowsTheDtype_ThrowsNamingTheLayerAndChangesNothing()
    {
        using var model = nn.Sequential(
            ("first", nn.Linear(16, 16)), ("act", nn.ReLU()), ("second", nn.Linear(16, 16)), ("third", nn.Linear(16, 4)));
        model.to(float16);
        using (no_grad())
        {
            // Sixteen rows of norm 160,000, orthogonal to each other.
            using var scope = NewDisposeScope();
            var signs = ones(1, 1);
            for (var size = 1; size < 16; size *= 2)
                signs = cat([cat([signs, signs], 1), cat([signs, -signs], 1)], 0);
            ((Linear)model[2]).weight.copy_(40000 * signs);
        }

        using var optimizer = optim.SGD(model.parameters(), 0.1);
        var before = Reading(model, optimizer);
        ((Action)(() => model.ApplyEtf(EtfFrame.Nearest, ["*"], [optimizer]))).Should().Throw<ArgumentException>()
            .WithMessage("Layer 'second'*Float16*");
        Reading(model, optimizer).Should().Equal(before);
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();

        var plan = EtfPlan.Parse(EtfPlan.Of(Fixed()).ToJson().Replace("\"scale\": 2", "\"scale\": 100000", StringComparison.Ordinal));
        ((Action)(() => plan.Apply(model))).Should().Throw<ArgumentException>().WithMessage("*'second'*Float16*");
        Reading(model, optimizer).Should().Equal(before);

        static Sequential Fixed() =>
            nn.Sequential(("first", new SimplexEtfLinear(16, 16)), ("act", nn.ReLU()), ("second", new SimplexEtfLinear(16, 16, scale: 2)),
            ("third", new SimplexEtfLinear(16, 4)));
    }

    [Fact]
    public void Prepare_FrameInPlaceOverflowsTheDtype_ThrowsAndLeaksNothing()
    {
        using var model = Shapes.Make("LinearField");
        model.to(float16);
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var target = LayerTarget.All(model)[0];
        var etf = SimplexEtf.Create(EtfFrame.Identity, 16, 16, scale: 1e6);
        ((Action)(() => LayerFix.Prepare(model, target, etf, null))).Should().Throw<ArgumentException>()
            .WithMessage("Layer 'hidden'*frame*Float16*");
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Prepare_BiasOverflowsTheDtype_ThrowsAndLeaksNothing()
    {
        using var model = Shapes.Make("ModuleField");
        model.to(float16);
        using var bias = full(16, 1e6);
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var target = LayerTarget.All(model)[0];
        ((Action)(() => LayerFix.Prepare(model, target, SimplexEtf.Create(EtfFrame.Identity, 16, 16), bias))).Should()
            .Throw<ArgumentException>().WithMessage("Layer 'hidden'*bias*Float16*");
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
        target.Fixable.Bias!.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Apply_BiasThatIsNotTheLayersAlone_IsLeftAsItIs()
    {
        using var model = SharedWeights.SharedBias();
        var target = LayerTarget.All(model)[0];
        var before = target.Fixable.Bias!.data<float>().ToArray();
        using var bias = full(16, 7f);
        LayerFix.Apply([LayerFix.Prepare(model, target, SimplexEtf.Create(EtfFrame.Identity, 16, 16), bias)], [], keepOld: false);
        LayerTarget.All(model)[0].Fixable.Bias!.data<float>().ToArray().Should().Equal(before);
    }

    /// <summary>What is put back must compute with the type that the model has by then.</summary>
    [Theory]
    [InlineData("ModuleField", true, true)]
    [InlineData("ModuleField", true, false)]
    [InlineData("ModuleField", false, true)]
    [InlineData("ModuleField", false, false)]
    [InlineData("LinearField", true, true)]
    [InlineData("LinearField", false, true)]
    public void Revert_ModelMovedToAnotherTypeSince_ComputesWithThatType(string shape, bool keepOld, bool hasBias)
    {
        using var model = Shapes.Make(shape);
        var target = LayerTarget.All(model)[0];
        if (!hasBias)
            target.Fixable.SetBias(null);
        using var frame = SimplexEtf.Create(EtfFrame.Identity, 16, 16).ToTensor();
        using var weight = target.Fixable.Weight.detach().to(float64);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        TrainingLoop.Epoch(model, optimizer, _data);
        weight.copy_(target.Fixable.Weight.detach());
        var fix = LayerFix.Prepare(model, target, SimplexEtf.Create(EtfFrame.Identity, 16, 16), null);
        LayerFix.Apply([fix], [optimizer], keepOld);

        model.to(float64);
        using var second = optim.Adam(model.parameters(), 0.005);
        fix.Leave(second);
        fix.Revert([second]);
        var layer = (Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module;
        layer.weight.dtype.Should().Be(ScalarType.Float64);
        layer.weight.requires_grad.Should().BeTrue();
        Sample.Max(layer.weight.detach() - (keepOld ? weight : frame)).Should()
            .BeLessThan(shape == "LinearField" ? 1e-7 : 1e-12, "in place the frame was written as float32");
        TrainingReading.Names(second, model)[0].Should().Be("0:hidden.weight");
        using var scope = NewDisposeScope();
        nn.functional.cross_entropy(model.call(_data.Inputs.to(float64)), _data.Labels).backward();
        second.step();
        Sample.Max(layer.weight.detach() - (keepOld ? weight : frame)).Should().BePositive();
        OptimizerStates.TensorsOf(OptimizerStates.Of(second, layer.weight)!).Should()
            .OnlyContain(tensor => tensor.dtype == ScalarType.Float64);
    }

    public void Dispose() => _data.Dispose();

    private static IReadOnlyList<string> Reading(nn.Module model, OptimizerHelper optimizer) =>
    [
        .. model.state_dict().Select(entry => $"{entry.Key} {entry.Value.requires_grad} {Convert.ToHexString(entry.Value.bytes)}"),
        .. TrainingReading.Names(optimizer, model), .. TrainingReading.State(optimizer),
    ];

    /// <summary>Holds its second layer in a collection that can refuse a change after it was made.</summary>
    private sealed class Watchful : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 16);
        private readonly ObservableCollection<nn.Module<Tensor, Tensor>> held;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Watchful()
            : base(nameof(Watchful))
        {
            held = [nn.Linear(16, 16)];
            held.CollectionChanged += (_, change) =>
            {
                if (Refuses && change.NewItems![0] is SimplexEtfLinear)
                    throw new NotSupportedException("stays as it is");
            };
            RegisterComponents();
            register_module("second", held[0]);
        }

        public bool Refuses { get; set; }

        public Linear First => (Linear)first;

        public override Tensor forward(Tensor input) => head.call(held[0].call(first.call(input).relu()).relu());
    }
}
