using System.Text.Json.Nodes;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

/// <summary>Files that do not fit a model: one error that names file, tensor and what to do, and a model that is as it was.</summary>
public sealed class SafetensorsMismatchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Load_OtherWeights_NamesTensorShapeAndRemedy()
    {
        Refused(Plain(state => state.Without("head.weight")), "*'head.weight'*missing*Sequential has it as F32 (3, 4)*Build the model*",
            "head.weight");
        Refused(Plain(state => state.With("head.weight", new RowTensor<float>([4, 3], [new float[12]]))),
            "*'head.weight'*F32 (4, 3)*F32 (3, 4)*Build the model*", "head.weight");
        Refused(Plain(state => state.With("head.weight", new RowTensor<double>([3, 4], [new double[12]]))),
            "*'head.weight'*F64 (3, 4)*F32 (3, 4)*model.to(ScalarType.Float64)*", "head.weight");
        Refused(Plain(state => state.With("head.weight", new RowTensor<double>([4, 3], [new double[12]]))),
            "*'head.weight'*F64 (4, 3)*F32 (3, 4)*Build the model*", "head.weight");
        Refused(Plain(state => state.With("fc3.weight", new RowTensor<float>([1], [[1]]))), "*'fc3.weight'*no such parameter or buffer*",
            "fc3.weight");
        foreach (var name in new[] { "../../head", "/etc/passwd", "C:\\head", "", "fc1/weight", "__proto__" })
            Refused(Plain(state => state.With(name, new RowTensor<float>([1], [[1]]))), $"*'{name}'*no such parameter or buffer*", name);
        using var wider = nn.Sequential(("fc1", nn.Linear(4, 5)), ("relu", nn.ReLU()), ("fc2", nn.Linear(5, 9)), ("head", nn.Linear(9, 3)));
        Refused(Plain(), wider, "*'fc2.weight'*F32 (4, 5)*F32 (9, 5)*", "fc2.weight");
    }

    [Fact]
    public void Load_TypeThatTorchSharpLacks_SaysSo()
    {
        var file = SafetensorsBytes.Write(Plain(state => state.With("fc1.bias", new RowTensor<short>([5], [new short[5]]))));
        var changed = SafetensorsBytes.Changed(file, header => header.Replace("\"I16\"", "\"U16\"", StringComparison.Ordinal));
        File.WriteAllBytes(_folder.File("u16"), changed);
        using var model = Model();
        FluentActions.Invoking(() => model.LoadSafetensors(_folder.File("u16"))).Should().Throw<EtfStateException>()
            .WithMessage("*'fc1.bias'*U16 (5)*F32 (5)*Save the weights as F32*");
    }

    [Fact]
    public void Load_AliasesInACircleOrOfNothing_NamesThem()
    {
        Refused(Plain(state => state.With("head.bias", "head.bias")), "*'head.bias'*circle*", "head.bias");
        Refused(Plain(state => state.With("head.bias", "a").With("a", "head.bias")), "*'head.bias'*circle*",
            "head.bias");
        Refused(Plain(state => state.With("head.bias", "nothing")), "*'head.bias'*missing*", "head.bias");
        var chain = Plain(state =>
            state.With("head.bias", "a").With("a", "b").With("b", new RowTensor<float>([3], [[1, 2, 3]])));
        using var model = Model();
        SafetensorsWriter.Write(_folder.File("chain"), chain);
        model.LoadSafetensors(_folder.File("chain"));
        model.state_dict()["head.bias"].data<float>().ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Load_PlanThatDoesNotFit_NamesLayerShapeAndRemedy()
    {
        using var narrow = nn
            .Sequential(("fc1", nn.Linear(4, 5)), ("relu", nn.ReLU()), ("fc2", nn.Linear(5, 3)), ("head", nn.Linear(3, 3)));
        Refused(Fixed(), narrow, "*'fc2'*nearest_4x5*3 x 5*freshly built*", "etfnet.plan");
        using var other = nn.Sequential(("fc1", nn.Linear(4, 5)), ("relu", nn.ReLU()), ("head", nn.Linear(5, 3)));
        Refused(Fixed(), other, "*'fc2'*does not have*freshly built*", "etfnet.plan");
        using var frozen = Model();
        frozen.ApplyEtf(EtfFrame.Random(9), "fc2");
        Refused(Fixed(), frozen, "*'fc2'*random_4x5_seed_9*nearest_4x5*freshly built*", "etfnet.plan");
        Refused(Plain(), frozen, "*'fc2'*random_4x5_seed_9*trained*freshly built*", "etfnet.plan");
        using var half = Model().to(ScalarType.Float16);
        Refused(Fixed(state => state.With("etfnet.plan", Plan(frame => frame["scale"] = 1e30))), half, "*'fc2'*scale 1e+30*Float16*",
            "etfnet.plan");
    }

    [Theory]
    [InlineData("", "*'etfnet.plan'*not a plan*")]
    [InlineData("null", "*'etfnet.plan'*not a plan*")]
    [InlineData("{\"version\":9,\"layers\":[]}", "*'etfnet.plan'*version 9*versions up to 2*")]
    [InlineData("{\"version\":1,\"layers\":[{\"layer\":\"../fc2\",\"inPlace\":false,\"frame\":{}}]}", "*'../fc2'*'format' is missing*")]
    public void Load_PlanThatIsDamaged_NamesIt(string plan, string message) =>
        Refused(Fixed(state => state.With("etfnet.plan", plan)), message, null);

    [Fact]
    public void Load_FrameThatIsNotThePlans_NamesIt()
    {
        Refused(Fixed(state => state.With("etfnet.plan", Plan(frame => (frame["kind"], frame["seed"]) = ("Random", 3)))),
            "*'fc2.matrix'*no such parameter*", "fc2.matrix");
        Refused(Fixed(state => state.With("fc2.frame", Frame(numbers => numbers[0] = 17))), "*'fc2.frame'*not a frame: kind 17*",
            "fc2.frame");
        Refused(Fixed(state => state.With("fc2.frame", Frame(numbers => numbers[6] = BitConverter.DoubleToInt64Bits(double.NaN)))),
            "*'fc2.frame'*not a frame: scale NaN*", "fc2.frame");
        Refused(Fixed(state => state.With("fc2.frame", Frame(numbers => numbers[6] = BitConverter.DoubleToInt64Bits(1e300)))),
            "*'fc2.frame'*scale 1e+300 is too large for Float32*", "fc2.frame");
        Refused(Fixed(state => state.With("fc2.frame",
            new RowTensor<long>([7], [new SimplexEtfHeader(EtfFrameKind.Identity, new FrameShape(4, 5, false), 0, 1, 0).ToNumbers()]))),
            "*'fc2.frame'*identity_4x5*plan says nearest_4x5*", "fc2.frame");
        Refused(Fixed(state => state.With("fc2.frame", new RowTensor<long>([3], [new long[3]]))), "*'fc2.frame'*I64 (3)*I64 (7)*",
            "fc2.frame");
    }

    [Fact]
    public void Load_OtherKinds_SayHowToLoadThem()
    {
        using var stream = new MemoryStream();
        RandomFrames.Draw(1).Save(stream);
        Refused(SafetensorsBytes.Read(stream.ToArray()), "*holds a frame, not a model*SimplexEtf.Load*", null);
    }

    [Fact]
    public void Load_AnyBitFlippedOrCutAnywhere_ThrowsAndChangesNothing()
    {
        var file = SafetensorsBytes.Write(Fixed());
        using var model = Model();
        var before = ModelBytes.Of(model);
        var random = new Random(5);
        for (var trial = 0; trial < 200; trial++)
        {
            var damaged = (byte[])file.Clone();
            if (trial % 2 == 0)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            else
                damaged = damaged[..random.Next(damaged.Length)];
            File.WriteAllBytes(_folder.File("bad"), damaged);
            FluentActions.Invoking(() => model.LoadSafetensors(_folder.File("bad"))).Should().Throw<EtfStateException>()
                .WithMessage($"{_folder.File("bad")}: *");
        }

        ModelBytes.Of(model).Should().Equal(before);
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Load_FixedLayersUnderALiveScheduler_IsRefused_PlainWeightsAreNot()
    {
        using var model = Model();
        using var etf = model.ApplyAdaptiveEtf(0.1);
        SafetensorsWriter.Write(_folder.File("fixed"), Fixed());
        FluentActions.Invoking(() => model.LoadSafetensors(_folder.File("fixed"))).Should().Throw<InvalidOperationException>()
            .WithMessage("*scheduler*EtfCheckpoint*");
        EtfPlan.Of(model).LayerNames.Should().BeEmpty();
        SafetensorsWriter.Write(_folder.File("plain"), Plain());
        model.LoadSafetensors(_folder.File("plain"));
    }

    [Fact]
    public void Load_FixedModelWhoseEntriesAnotherProgramDropped_StillHasItsPlan()
    {
        // As if Python had read the tensors and the metadata, and written both again without the three entries that the message names.
        var foreign = new StateSet(null);
        foreach (var (name, tensor) in Fixed().Tensors)
            foreign.Add(name, tensor);
        foreign.Add("etfnet.plan", Fixed().Texts["etfnet.plan"]);
        SafetensorsWriter.Write(_folder.File("foreign"), foreign);
        using var model = Model();
        model.LoadSafetensors(_folder.File("foreign"));
        EtfPlan.Of(model).LayerNames.Should().Equal("fc2");
    }

    public void Dispose() => _folder.Dispose();

    private static nn.Module<Tensor, Tensor> Model() =>
        nn.Sequential(("fc1", nn.Linear(4, 5)), ("relu", nn.ReLU()), ("fc2", nn.Linear(5, 4)), ("head", nn.Linear(4, 3)));

    private static StateSet Plain(Func<StateSet, StateSet>? change = null)
    {
        using var model = Model();
        return change?.Invoke(ModelWeights.Capture(model)).Hold() ?? ModelWeights.Capture(model).Hold();
    }

    private static StateSet Fixed(Func<StateSet, StateSet>? change = null)
    {
        using var model = Model();
        model.ApplyEtf(EtfFrame.Nearest, "fc2");
        return change?.Invoke(ModelWeights.Capture(model)).Hold() ?? ModelWeights.Capture(model).Hold();
    }

    private static string Plan(Action<JsonNode> change)
    {
        var plan = JsonNode.Parse(Fixed().Texts["etfnet.plan"])!;
        change(plan["layers"]![0]!["frame"]!);
        return plan.ToJsonString();
    }

    private static RowTensor<long> Frame(Action<long[]> change)
    {
        var numbers = new SimplexEtfHeader(EtfFrameKind.Nearest, new FrameShape(4, 5, false), 0, 1, 0).ToNumbers();
        change(numbers);
        return new RowTensor<long>([7], [numbers]);
    }

    private void Refused(StateSet state, string message, string? entry)
    {
        using var model = Model();
        Refused(state, model, message, entry);
    }

    private void Refused(StateSet state, nn.Module model, string message, string? entry)
    {
        var path = _folder.File("weights.safetensors");
        SafetensorsWriter.Write(path, state);
        var (before, plan) = (ModelBytes.Of(model), EtfPlan.Of(model).ToJson());
        var error = FluentActions.Invoking(() => model.LoadSafetensors(path)).Should().Throw<EtfStateException>()
            .WithMessage(message).Which;
        error.FileName.Should().Be(path);
        error.Message.Should().StartWith(path + ": ").And.EndWith(error.Remedy);
        if (entry is not null)
            error.Entry.Should().Be(entry);
        ModelBytes.Of(model).Should().Equal(before);
        EtfPlan.Of(model).ToJson().Should().Be(plan);
    }
}
