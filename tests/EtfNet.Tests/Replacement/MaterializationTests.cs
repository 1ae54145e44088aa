using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement;

/// <summary>Plain layers again, in the middle of a training.</summary>
public sealed class MaterializationTests : IDisposable
{
    private readonly Blobs _data = new();
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool, bool>();
            foreach (var shape in new[] { "ModuleField", "LinearField", "Conv2dSequential", "Conv1dSequential", "Conv2dField" })
                foreach (var kind in OptimizerKinds.Names)
                    foreach (var lazy in new[] { true, false })
                        foreach (var before in new[] { true, false })
                            cases.Add(shape, kind, lazy, before);
            return cases;
        }
    }

    /// <summary>Whenever it was made, and whether or not anybody was told of it.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void MaterializeEtf_AnyOptimizer_KeepsWorking(string shape, string kind, bool lazy, bool optimizerFirst)
    {
        using var model = Shapes.Make(shape);
        OptimizerHelper? optimizer = null;
        if (optimizerFirst)
            MakeOptimizer();
        model.ApplyEtf(EtfFrame.Nearest, "hidden");
        if (!optimizerFirst)
            MakeOptimizer();
        TrainingLoop.Epoch(model, optimizer!, _data);
        var (parameters, outputs) = (model.parameters().ToList(), Outputs(model));

        model.MaterializeEtf().Should().Equal("hidden");
        var after = model.parameters().ToList();
        after.Should().HaveSameCount(parameters);
        after.Zip(parameters).Should().OnlyContain(pair => ReferenceEquals(pair.First, pair.Second), "they are the very objects");
        Outputs(model).Zip(outputs).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
        EtfPlan.Of(model).LayerNames.Should().BeEmpty("nothing counts as fixed");
        model.MaterializeEtf().Should().BeEmpty();
        var hidden = FixableLayer.Of(ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module)!;
        var (weight, bias) = (hidden.Weight.data<float>().ToArray(), hidden.Bias?.data<float>().ToArray());
        TrainingLoop.Epoch(model, optimizer!, _data);
        hidden.Weight.data<float>().ToArray().Should().Equal(weight);
        if (bias is not null)
            hidden.Bias!.data<float>().ToArray().Should().NotEqual(bias);
        if (!optimizerFirst || lazy)
            optimizer!.state_dict().State.Should().HaveCount(optimizer.parameters().Count());

        EtfCheckpoint.Save(_folder.File("plain.etf"), model);
        if (!optimizerFirst)
            EtfCheckpoint.Save(_folder.File("training.etf"), model, optimizer!);
        using var plain = Shapes.Make(shape);
        EtfCheckpoint.Load(_folder.File("plain.etf"), plain);
        Outputs(plain).Should().Equal(Outputs(model));
        optimizer!.Dispose();

        void MakeOptimizer() => optimizer = OptimizerKinds.Make(kind, lazy ? model.parameters() : model.parameters().ToList());
    }

    [Fact]
    public void MaterializeEtf_SavedAndLoadedAndMoved_IsAPlainModel()
    {
        using var model = Shapes.Make("ModuleField");
        using var plain = Shapes.Make("ModuleField");
        model.ApplyEtf(EtfFrame.Random(2), "hidden", "head");
        model.MaterializeEtf();
        model.save(_folder.File("weights.dat"));
        plain.load(_folder.File("weights.dat"));
        Outputs(plain).Should().Equal(Outputs(model));
        plain.parameters().Should().HaveCount(4);
        using (no_grad())
            foreach (var parameter in plain.parameters())
                parameter.mul_(2);
        plain.save(_folder.File("other.dat"));
        model.load(_folder.File("other.dat"));
        Outputs(model).Should().Equal(Outputs(plain));

        var (print, other) = (model.MeasureFootprint(), plain.MeasureFootprint());
        (print.StoredParameters, print.WeightBytes).Should().Be((other.StoredParameters, other.WeightBytes));
        model.MeasureFootprint().FixedParameters.Should().Be((16 * 16) + (16 * 4));
        model.to(float64);
        using var scope = NewDisposeScope();
        model.call(_data.Inputs.to(float64)).dtype.Should().Be(ScalarType.Float64);
        model.state_dict().Values.Should().OnlyContain(tensor => tensor.dtype == ScalarType.Float64);
        model.state_dict().Keys.Should().BeEquivalentTo(plain.state_dict().Keys);
    }

    /// <summary>An identity frame without bias has no number of its own that shows the model's type.</summary>
    [Fact]
    public void MaterializeEtf_LayerWithoutNumbersInAFloat64Model_IsFloat64()
    {
        using var model = nn.Sequential(("fixed", new SimplexEtfLinear(16, 16, hasBias: false)), ("head", nn.Linear(16, 4)));
        model.to(float64);
        using var scope = NewDisposeScope();
        var input = _data.Inputs.to(float64);
        var before = model.call(input);
        model.MaterializeEtf();
        Sample.Max(model.call(input) - before).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void MaterializeEtf_APlaceThatHoldsFixedLayersOnly_ThrowsAndChangesNothing()
    {
        using var model = new Typed();
        using var scope = NewDisposeScope();
        var before = model.call(_data.Inputs);
        ((Action)(() => model.MaterializeEtf())).Should().Throw<InvalidOperationException>().WithMessage("*'typed'*Typed.typed*ToDense*");
        model.named_children().Select(child => child.module).OfType<SimplexEtfLinear>().Should().HaveCount(2);
        Sample.Max(model.call(_data.Inputs) - before).Should().Be(0);
    }

    [Fact]
    public void MaterializeEtf_ScaleBelowZero_KeepsTheOutputs()
    {
        using var layer = new SimplexEtfLinear(16, 4, trainScale: true);
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("head", layer));
        using (no_grad())
            layer.get_parameter("scale")!.fill_(-0.5);
        using var scope = NewDisposeScope();
        var before = model.call(_data.Inputs);
        model.MaterializeEtf();
        Sample.Max(model.call(_data.Inputs) - before).Should().BeLessThan(1e-5);
    }

    [Theory]
    [InlineData("ApplyEtf")]
    [InlineData("MaterializeEtf")]
    [InlineData("Plan")]
    [InlineData("Load")]
    public void ChangingLayers_OfAModelThatASchedulerWatches_IsRefused(string by)
    {
        using var model = Shapes.Make("ModuleField");
        EtfCheckpoint.Save(_folder.File("model.etf"), model);
        using var etf = model.ApplyAdaptiveEtf(0.1);
        Action change = by switch
        {
            "ApplyEtf" => () => model.ApplyEtf(EtfFrame.Identity, "hidden"),
            "MaterializeEtf" => () => model.MaterializeEtf(),
            "Plan" => () => EtfPlan.Of(model).Apply(model),
            _ => () => EtfCheckpoint.Load(_folder.File("model.etf"), model),
        };
        change.Should().Throw<InvalidOperationException>().WithMessage("*scheduler*Dispose it first*");
        etf.Dispose();
        change.Should().NotThrow();
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        return model.call(_data.Inputs).data<float>().ToArray();
    }

    private sealed class Typed : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> free = new SimplexEtfLinear(16, 16);
        private readonly SimplexEtfLinear typed = new(16, 4);

        public Typed()
            : base(nameof(Typed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => typed.call(free.call(input).relu());
    }
}
