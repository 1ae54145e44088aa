using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

public sealed class SavedCutTests
{
    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.ckpt")]
    public void Cut_SavedAndServedByAnotherProcess_EqualsItself(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = Truncated(CutModels.Mlp(), "3");
        if (name.EndsWith(".safetensors", StringComparison.Ordinal))
            model.SaveSafetensors(folder.File(name));
        else
            EtfCheckpoint.Save(folder.File(name), model);

        using var process = ThisProgram.Start(ServedCut.Name, folder.File(name), folder.File("outputs"));
        process.WaitForExit(120_000).Should().BeTrue();
        process.ExitCode.Should().Be(0);

        var served = ServedCut.Numbers(File.ReadAllBytes(folder.File("outputs")));
        served.Should().Equal(ServedCut.Numbers(ServedCut.Outputs(model)), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void CutThatOnlyExchangesAHeadWithoutBias_LoadsIntoTheWholeModel()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs();
        using var model = WithoutBias();
        var depth = model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { Tolerance = 0.9 });
        using var cut = model.TruncateEtf(depth["a"]);
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = WithoutBias();
        fresh.LoadSafetensors(stream);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));

        static Sequential WithoutBias() =>
            nn.Sequential(("a", nn.Linear(Blobs.Width, 8)), ("relu", nn.ReLU()), ("head", nn.Linear(8, Blobs.Classes, hasBias: false)));
    }

    [Theory]
    [InlineData("Mlp", "0")]
    [InlineData("Nested", "features.0")]
    [InlineData("Nested", "features.2")]
    [InlineData("Convolutions", "conv1")]
    public void LoadSafetensors_IntoTheWholeModel_CutsItAndFillsTheHead(string shape, string layer)
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(Make(shape, 1), layer);
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = Make(shape, 2);

        fresh.LoadSafetensors(stream);

        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
        ServedCut.Outputs(fresh).Should().Equal(ServedCut.Outputs(model));
        EtfPlan.Of(fresh).ToJson().Should().Be(EtfPlan.Of(model).ToJson());
        // Once cut, it takes the same file again.
        stream.Position = 0;
        fresh.LoadSafetensors(stream);
    }

    [Fact]
    public void LoadSafetensors_IntoAShallowNetworkBuiltByHand_TakesTheWeights()
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(CutModels.Mlp(), "0");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var shallow = nn.Sequential(nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4));

        shallow.LoadSafetensors(stream);

        ServedCut.Outputs(shallow).Should().Equal(ServedCut.Outputs(model));
    }

    [Fact]
    public void LoadSafetensors_ThatDoesNotFit_LeavesTheModelWhole()
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(CutModels.Mlp(), "0");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        using var other = nn.Sequential(
            nn.Linear(16, 15), nn.BatchNorm1d(15), nn.ReLU(), nn.Linear(15, 16), nn.ReLU(), nn.Linear(16, 4));
        using var shorter = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));
        foreach (var unfit in new[] { other, shorter })
        {
            var bytes = ModelBytes.Of(unfit);
            stream.Position = 0;
            unfit.Invoking(one => one.LoadSafetensors(stream)).Should().Throw<EtfStateException>();
            ModelBytes.Of(unfit).Should().Equal(bytes);
            EtfPlan.Of(unfit).CutNames.Should().BeEmpty();
        }
    }

    [Fact]
    public void LoadSafetensors_OfAWholeModelIntoACutOne_Throws()
    {
        using var scope = NewDisposeScope();
        using var whole = CutModels.Mlp();
        using var stream = new MemoryStream();
        whole.SaveSafetensors(stream);
        stream.Position = 0;
        using var model = Truncated(CutModels.Mlp(), "0");
        model.Invoking(one => one.LoadSafetensors(stream)).Should().Throw<EtfStateException>().WithMessage("*it is whole*freshly built*");
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("Adam")]
    public void Checkpoint_WithOptimizer_ResumesAsIfUninterrupted(string kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var data = new Blobs(128, noise: 1);
        using var model = CutModels.Mlp();
        using var optimizer = OptimizerKinds.Make(kind, model.parameters());
        TrainingLoop.Epoch(model, optimizer, data);
        model.TruncateEtf(CutModels.Measure(model, data)["3"], optimizer).Dispose();
        TrainingLoop.Epoch(model, optimizer, data);
        EtfCheckpoint.Save(folder.File("cut.ckpt"), model, optimizer);
        TrainingLoop.Epoch(model, optimizer, data);

        using var fresh = CutModels.Mlp(seed: 7);
        using var resumed = OptimizerKinds.Make(kind, fresh.parameters());
        EtfCheckpoint.Load(folder.File("cut.ckpt"), fresh, resumed);
        TrainingLoop.Epoch(fresh, resumed, data);

        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
    }

    [Fact]
    public void Checkpoint_OfAScheduler_TakesAModelCutByThePlan()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var data = new Blobs(128, noise: 1);
        using var model = Truncated(CutModels.Mlp(), "3");
        var plan = EtfPlan.Of(model);
        using var optimizer = optim.Adam(model.parameters());
        using var etf = model.ApplyAdaptiveEtf(0.01, optimizer);
        TrainingLoop.Epoch(model, optimizer, data, etf);
        etf.EndEpoch();
        EtfCheckpoint.Save(folder.File("cut.ckpt"), etf);

        using var whole = CutModels.Mlp(seed: 3);
        using var other = optim.Adam(whole.parameters());
        using (var wrong = whole.ApplyAdaptiveEtf(0.01, other))
            wrong.Invoking(one => EtfCheckpoint.Load(folder.File("cut.ckpt"), one)).Should().Throw<EtfStateException>()
                .WithMessage("*cut the model*EtfPlan*");
        plan.Apply(whole);
        using var fresh = optim.Adam(whole.parameters());
        using var resumed = whole.ApplyAdaptiveEtf(0.01, fresh);
        EtfCheckpoint.Load(folder.File("cut.ckpt"), resumed);

        ModelBytes.Of(whole).Should().Equal(ModelBytes.Of(model));
    }

    [Fact]
    public void Plan_AppliedToAFreshModel_MakesTheSameShape()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = Truncated(CutModels.Nested(), "features.0");
        EtfPlan.Of(model).Save(folder.File("plan.json"));
        using var fresh = CutModels.Nested(seed: 5);

        var plan = EtfPlan.Load(folder.File("plan.json"));
        plan.CutNames.Should().Equal("", "features");
        plan.Apply(fresh);
        plan.Apply(fresh);

        fresh.state_dict().Keys.Should().Equal(model.state_dict().Keys);
        plan.ToJson().Should().Be(EtfPlan.Of(fresh).ToJson());
    }

    [Theory]
    [InlineData("0", "null", "*keeps 0 modules*")]
    [InlineData("1", "{'name':'h','width':2147483647,'classes':2147483647,'pooling':'Flatten'}", "*impossible*")]
    [InlineData("1", "{'name':'h','width':2,'classes':2,'pooling':'Sum'}", "*no known pooling*")]
    [InlineData("1", "{'name':'a.b','width':2,'classes':2,'pooling':'Flatten'}", "*no name*")]
    public void Parse_ImpossibleCut_Throws(string keep, string head, string message) =>
        Parsing($"{{'version':2,'layers':[],'cuts':[{{'sequential':'x','keep':{keep},'head':{head}}}]}}")
            .Should().Throw<EtfStateException>().WithMessage(message);

    [Theory]
    [InlineData("{'version':2,'layers':[],'cuts':[null]}", "*cut that is null*")]
    [InlineData(
        "{'version':2,'layers':[],'cuts':[{'sequential':'x','keep':1,'head':null},{'sequential':'x','keep':2,'head':null}]}", "*twice*")]
    [InlineData("{'version':3,'layers':[]}", "*version 3*")]
    public void Parse_ImpossiblePlan_Throws(string json, string message) =>
        Parsing(json).Should().Throw<EtfStateException>().WithMessage(message);

    [Fact]
    public void Apply_PlanOfAnotherModel_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(CutModels.Nested(), "features.2");
        using var mlp = CutModels.Mlp();
        using var blocks = CutModels.Blocks();
        var nested = EtfPlan.Of(model);
        using var inner = Truncated(CutModels.Nested(), "features.0");
        var innerPlan = EtfPlan.Of(inner);

        innerPlan.Invoking(plan => plan.Apply(mlp))
            .Should().Throw<ArgumentException>().WithMessage("*'features'*Sequential does not have*");
        nested.Invoking(plan => plan.Apply(blocks)).Should().Throw<ArgumentException>().WithMessage("*BlockModel does not have*");
        mlp.Count.Should().Be(8);
    }

    [Fact]
    public void MaterializeEtf_OfACutModel_KeepsOutputsAndTheCut()
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(CutModels.Mlp(), "3");
        model.ApplyEtf(EtfFrame.Nearest, "3");
        var before = ServedCut.Numbers(ServedCut.Outputs(model));
        using var stream = new MemoryStream();

        model.MaterializeEtf().Should().Equal("3");

        ServedCut.Numbers(ServedCut.Outputs(model)).Should().Equal(before, (a, b) => Math.Abs(a - b) < 1e-5);
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = CutModels.Mlp(seed: 4);
        fresh.LoadSafetensors(stream);
        ServedCut.Numbers(ServedCut.Outputs(fresh)).Should().Equal(before, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void LoadSafetensors_CutAndFixed_BothComeBack()
    {
        using var scope = NewDisposeScope();
        using var model = Truncated(CutModels.Mlp(), "3");
        model.ApplyEtf(EtfFrame.Nearest, "3", "5");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = CutModels.Mlp(seed: 4);

        fresh.LoadSafetensors(stream);

        ServedCut.Outputs(fresh).Should().Equal(ServedCut.Outputs(model));
        EtfPlan.Of(fresh).LayerNames.Should().Equal("3", "5");
    }

    /// <summary>Reads a plan whose text is given with apostrophes for quotation marks.</summary>
    private static Func<EtfPlan> Parsing(string json) => () => EtfPlan.Parse(json.Replace('\'', '"'));

    private static Sequential Make(string shape, int seed) => shape switch
    {
        "Mlp" => CutModels.Mlp(seed),
        "Nested" => CutModels.Nested(seed),
        _ => CutModels.Convolutions(seed),
    };

    private static Sequential Truncated(Sequential model, string layer)
    {
        using var data = new Blobs(128, noise: 1);
        model.TruncateEtf(CutModels.Measure(model, data)[layer]).Dispose();
        return model;
    }
}
