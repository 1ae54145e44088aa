using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

public sealed class SafetensorsExtensionsTests
{
    public static TheoryData<string> AllShapes => [.. Shapes.All.Select(shape => shape.Name)];

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void SaveLoad_AnyShapeOfModel_PlainAndFixed_GivesTheSameState(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Shapes.All.Single(shape => shape.Name == name).Path;
        using var model = Shapes.Make(name);
        model.SaveSafetensors(folder.File("plain"));
        using var plain = Shapes.Make(name);
        plain.LoadSafetensors(folder.File("plain"));
        State(plain).Should().Equal(State(model));

        model.ApplyEtf(EtfFrame.Nearest, path);
        model.SaveSafetensors(folder.File("fixed"));
        // Into a fresh model the plan is applied first; into one that is fixed alike it is not needed.
        foreach (var fresh in new[] { Shapes.Make(name), plain })
        {
            if (ReferenceEquals(fresh, plain))
                plain.ApplyEtf(EtfFrame.Nearest, path);
            fresh.LoadSafetensors(folder.File("fixed"));
            State(fresh).Should().Equal(State(model));
            EtfPlan.Of(fresh).ToJson().Should().Be(EtfPlan.Of(model).ToJson());
            Outputs(fresh).Should().Equal(Outputs(model));
            fresh.Dispose();
        }
    }

    [Fact]
    public void SaveLoad_EveryKindOfFrame_IntoAPlainModel_GivesTheSameOutputs()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed);
            var bias = seed % 4 == 0 ? null : new Parameter(Sample.Normal(seed, etf.Rows).to(ScalarType.Float32));
            using var model = nn.Sequential(("fc", new SimplexEtfLinear(etf, bias)), ("act", nn.ReLU()));
            using var fresh = nn.Sequential(("fc", nn.Linear(etf.Columns, etf.Rows, hasBias: bias is not null)), ("act", nn.ReLU()));
            using var stream = new MemoryStream();
            model.SaveSafetensors(stream);
            stream.Position = 0;
            fresh.LoadSafetensors(stream);
            State(fresh).Should().Equal(State(model), "{0}", etf);
            var x = Sample.Normal(seed, 4, etf.Columns).to(ScalarType.Float32);
            Sample.Max(fresh.call(x) - model.call(x)).Should().Be(0);
        }
    }

    [Fact]
    public void SaveLoad_ModelThatIsItselfALayer_Works()
    {
        using var model = nn.Linear(6, 6);
        new EtfPlan([new PlannedLayer("", SimplexEtf.Create(EtfFrame.Random(3), 6, 6).Header, InPlace: true)]).Apply(model);
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = nn.Linear(6, 6);
        fresh.LoadSafetensors(stream);
        State(fresh).Should().Equal(State(model));
        EtfPlan.Of(fresh).LayerNames.Should().Equal("");
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void SaveLoad_OtherTypesAndModules_AreTheSame(ScalarType dtype)
    {
        using var one = Make(1);
        using var two = Make(2);
        using var stream = new MemoryStream();
        one.SaveSafetensors(new ForwardOnlyStream(stream));
        stream.Position = 0;
        State(two).Should().NotEqual(State(one));
        two.LoadSafetensors(new ForwardOnlyStream(stream));
        State(two).Should().Equal(State(one));

        nn.Module Make(long seed)
        {
            manual_seed(seed);
            var model = nn
                .Sequential(("conv", nn.Conv2d(3, 8, 3)), ("norm", nn.BatchNorm2d(8)), ("up", nn.ConvTranspose2d(8, 4, 2)),
                ("embed", nn.Embedding(7, 4)),
                ("gru", new Wrapped(nn.GRU(4, 5))), ("block", new EtfTransformerBlock(8, 2)), ("head", nn.Linear(8, 3)));
            return model.to(dtype);
        }
    }

    [Fact]
    public void Save_TiedParameters_StandOnceAndAreKnownByBothNames()
    {
        using var tied = new TiedEmbedding();
        using var stream = new MemoryStream();
        tied.SaveSafetensors(stream);
        var state = SafetensorsBytes.Read(stream.ToArray());
        state.Tensors.Keys.Should().BeEquivalentTo("embed.weight");
        state.Texts["head.weight"].Should().Be("embed.weight");
        state.Texts["format"].Should().Be("pt");

        using var fresh = new TiedEmbedding();
        stream.Position = 0;
        fresh.LoadSafetensors(stream);
        State(fresh).Should().Equal(State(tied));
        using var untied = new TiedEmbedding(tie: false);
        stream.Position = 0;
        untied.LoadSafetensors(stream);
        State(untied).Should().Equal(State(tied));

        using var other = new TiedEmbedding(tie: false);
        using var again = new TiedEmbedding();
        using var different = new MemoryStream();
        other.SaveSafetensors(different);
        different.Position = 0;
        var before = State(again);
        FluentActions.Invoking(() => again.LoadSafetensors(different)).Should().Throw<EtfStateException>()
            .WithMessage("*'head.weight'*differ from those of 'embed.weight'*has tied*");
        State(again).Should().Equal(before);
    }

    [Fact]
    public void SaveLoad_FixedLayerWhoseWeightAnotherShares_KeepsTheOthersWeight()
    {
        using var model = new SharedWeight();
        model.ApplyEtf(EtfFrame.Identity, "one");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = new SharedWeight();
        fresh.LoadSafetensors(stream);
        State(fresh).Should().Equal(State(model));
        fresh.state_dict().Keys.Should().BeEquivalentTo("one.frame", "one.bias", "two.weight", "two.bias");
    }

    [Fact]
    public void SaveLoad_ModuleThatStandsTwice_HasBothNamesAsInPyTorch()
    {
        using var model = Shapes.Make("Tied");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        var state = SafetensorsBytes.Read(stream.ToArray());
        state.Tensors.Keys.Should().BeEquivalentTo("0.weight", "0.bias", "3.weight", "3.bias");
        (state.Texts["2.weight"], state.Texts["2.bias"]).Should().Be(("0.weight", "0.bias"));

        // A program that stores both names with the same values, and one that gives them different ones.
        using var fresh = Shapes.Make("Tied");
        foreach (var differs in new[] { false, true })
        {
            var both = new StateSet(null);
            foreach (var (name, tensor) in state.Tensors)
                both.Add(name, tensor);
            both.Add("2.weight", differs ? new RowTensor<float>([16, 16], [new float[256]]) : state.Tensors["0.weight"]);
            using var file = new MemoryStream(SafetensorsBytes.Write(both));
            if (!differs)
                fresh.LoadSafetensors(file);
            else
                FluentActions.Invoking(() => fresh.LoadSafetensors(file)).Should().Throw<EtfStateException>()
                    .WithMessage("*'2.weight'*differ from those of '0.weight'*");
            State(fresh).Should().Equal(State(model));
        }
    }

    [Fact]
    public void Save_ViewsOfOneStorage_AreNotTakenForTied()
    {
        using var model = new Views();
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        SafetensorsBytes.Read(stream.ToArray()).Tensors.Keys.Should().BeEquivalentTo("first", "second", "turned", "all");
        SafetensorsBytes.Read(stream.ToArray()).Tensors["turned"].Hold().ToArray()
            .Should().BeEquivalentTo(new[] { 1f, 3, 2, 4 }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void SaveLoad_LeavesNoTensorsBehind()
    {
        using var model = Shapes.Make("Tied");
        using var fresh = Shapes.Make("Tied");
        using var stream = new MemoryStream();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        model.SaveSafetensors(stream);
        stream.Position = 0;
        fresh.LoadSafetensors(stream);
        FluentActions.Invoking(() => fresh.LoadSafetensors(stream)).Should().Throw<EtfStateException>();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Load_KeepsTheParameterObjects_AndTheOptimizerGoesOn()
    {
        using var scope = NewDisposeScope();
        using var model = Shapes.Make("Sequential");
        using var optimizer = optim.Adam(model.parameters().ToList());
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        var parameters = model.parameters().Select(parameter => parameter.Handle).ToList();
        Step();
        stream.Position = 0;
        model.LoadSafetensors(stream);
        model.parameters().Select(parameter => parameter.Handle).Should().Equal(parameters);
        model.parameters().Should().OnlyContain(parameter => parameter.requires_grad);
        var before = State(model);
        Step();
        State(model).Should().NotEqual(before);

        void Step()
        {
            optimizer.zero_grad();
            model.call(ones(4, 16)).sum().backward();
            optimizer.step();
        }
    }

    [Fact]
    public void SaveAndLoad_NullArguments_Throw()
    {
        using var model = nn.Linear(2, 2);
        foreach (var action in new Action[]
        {
            () => model.SaveSafetensors((string)null!), () => model.SaveSafetensors((Stream)null!), () =>
                model.LoadSafetensors((string)null!), () => model.LoadSafetensors((Stream)null!),
            () => ((nn.Module)null!).SaveSafetensors("x"), () => ((nn.Module)null!).LoadSafetensors("x"), () =>
                ((nn.Module)null!).SaveSafetensors(Stream.Null), () => ((nn.Module)null!).LoadSafetensors(Stream.Null),
        })
            action.Should().Throw<ArgumentNullException>();
    }

    /// <summary>Name and bytes of every parameter and buffer.</summary>
    internal static IReadOnlyList<string> State(nn.Module model) =>
        [.. model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => $"{entry.Key} {entry.Value.dtype} {Convert.ToHexString(Bytes(entry.Value))}")];

    private static byte[] Bytes(Tensor tensor)
    {
        using var bytes = new MemoryStream();
        new LiveTensor(tensor).Read(bytes.Write);
        return bytes.ToArray();
    }

    private static float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        return model.call(Sample.Normal(1, 5, 16).to(ScalarType.Float32)).data<float>().ToArray();
    }

    private sealed class Wrapped : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module inner;

        public Wrapped(nn.Module inner)
            : base(nameof(Wrapped))
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input;
    }

    private sealed class SharedWeight : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> one;
        private readonly nn.Module<Tensor, Tensor> two;

        public SharedWeight()
            : base(nameof(SharedWeight))
        {
            var first = nn.Linear(5, 5);
            (one, two) = (first, nn.Linear(first.weight!, new Parameter(zeros(5))));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => two.call(one.call(input));
    }

    private sealed class TiedEmbedding : nn.Module<Tensor, Tensor>
    {
        private readonly Embedding embed = nn.Embedding(6, 4);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(4, 6, hasBias: false);

        public TiedEmbedding(bool tie = true)
            : base(nameof(TiedEmbedding))
        {
            if (tie)
                ((Linear)head).weight = embed.weight!;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(embed.call(input));
    }

    private sealed class Views : nn.Module<Tensor, Tensor>
    {
        private readonly Tensor all = tensor(new float[] { 1, 2, 3, 4 }, [2, 2]).DetachFromDisposeScope();

        public Views()
            : base(nameof(Views))
        {
            register_buffer("all", all);
            register_buffer("first", all.narrow(0, 0, 1).DetachFromDisposeScope());
            register_buffer("second", all.narrow(0, 1, 1).DetachFromDisposeScope());
            register_buffer("turned", all.transpose(0, 1).DetachFromDisposeScope());
        }

        public override Tensor forward(Tensor input) => input;
    }
}
