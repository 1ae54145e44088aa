using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

public sealed class SafetensorsExtensionsTests
{
    public static TheoryData<string> AllShapes => [.. Shapes.All.Concat(ConvolutionShapes.All).Select(shape => shape.Name)];

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void SaveLoad_AnyShapeOfModel_PlainAndFixed_GivesTheSameState(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Shapes.All.Concat(ConvolutionShapes.All).Single(shape => shape.Name == name).Path;
        using var model = Shapes.Make(name);
        model.SaveSafetensors(folder.File("plain"));
        using var plain = Shapes.Make(name);
        plain.LoadSafetensors(folder.File("plain"));
        ModelBytes.Of(plain).Should().Equal(ModelBytes.Of(model));

        model.ApplyEtf(EtfFrame.Nearest, path);
        model.SaveSafetensors(folder.File("fixed"));
        SafetensorsReader.Read(folder.File("fixed")).Texts["etfnet.plan"].Should().Be(EtfPlan.Of(model).ToJson(), "there is one document");
        // Into a fresh model the plan is applied first; into one that is fixed alike it is not needed.
        foreach (var fresh in new[] { Shapes.Make(name), plain })
        {
            if (ReferenceEquals(fresh, plain))
                plain.ApplyEtf(EtfFrame.Nearest, path);
            fresh.LoadSafetensors(folder.File("fixed"));
            ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
            EtfPlan.Of(fresh).ToJson().Should().Be(EtfPlan.Of(model).ToJson());
            Outputs(fresh).Should().Equal(Outputs(model));
            fresh.Dispose();
        }
    }

    [SeededProperty(20)]
    public void SaveLoad_EveryKindOfFrame_IntoAPlainModel_GivesTheSameOutputs(int seed)
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
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model), "{0}", etf);
        var x = Sample.Normal(seed, 4, etf.Columns).to(ScalarType.Float32);
        Sample.Max(fresh.call(x) - model.call(x)).Should().Be(0);
    }

    [Fact]
    public void SaveLoad_ModelThatIsItselfALayer_Works()
    {
        using var model = nn.Linear(6, 6);
        new EtfPlan([new PlannedLayer("", SimplexEtf.Create(EtfFrame.Random(3), 6, 6).Header, null, InPlace: true)]).Apply(model);
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = nn.Linear(6, 6);
        fresh.LoadSafetensors(stream);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
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
        ModelBytes.Of(two).Should().NotEqual(ModelBytes.Of(one));
        two.LoadSafetensors(new ForwardOnlyStream(stream));
        ModelBytes.Of(two).Should().Equal(ModelBytes.Of(one));

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
    public void Load_KeepsTheParameterObjects_AndTheOptimizerKeepsWorking()
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
        var before = ModelBytes.Of(model);
        Step();
        ModelBytes.Of(model).Should().NotEqual(before);

        void Step()
        {
            optimizer.zero_grad();
            model.call(ones(4, 16)).sum().backward();
            optimizer.step();
        }
    }

    [CudaFact]
    public void SaveLoad_OnCuda_GivesTheBytesOfTheCpu()
    {
        using var model = Shapes.Make("Tied");
        model.ApplyEtf(EtfFrame.Nearest, "0");
        using var here = new MemoryStream();
        model.SaveSafetensors(here);
        model.to(CUDA);
        using var there = new MemoryStream();
        model.SaveSafetensors(there);
        there.ToArray().Should().Equal(here.ToArray());

        using var fresh = Shapes.Make("Tied").to(CUDA);
        there.Position = 0;
        fresh.LoadSafetensors(there);
        fresh.to(CPU);
        model.to(CPU);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
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

    private static float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        model.eval();
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
}
