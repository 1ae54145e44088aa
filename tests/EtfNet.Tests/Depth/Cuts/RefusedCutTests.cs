using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

/// <summary>Cuts that are refused: a typed error that says what is possible, and nothing changed.</summary>
public sealed class RefusedCutTests
{
    [Fact]
    public void TruncateEtf_BehindTheLastLayer_Throws() => Refused<ArgumentException>(
        CutModels.Mlp(), model => model.TruncateEtf(Measure(model)["7"]), "*behind '7'*last layer*");

    [Fact]
    public void TruncateEtf_BeforeTheFirstLayer_Throws() => Refused<ArgumentException>(
        CutModels.Convolutions(),
        model => model.TruncateEtf(Measure(model, new DepthOptions { Include = ["unflat", "conv1"] })["unflat"]),
        "*no layer precedes*");

    [Fact]
    public void TruncateEtf_UnknownLayer_NamesTheKnownOnes() => Refused<ArgumentException>(
        CutModels.Mlp(), model => model.TruncateEtf("12", Renamed(Measure(model)["3"].Head!, "12")), "*no '12'*0, 1, 2*");

    [Fact]
    public void TruncateEtf_HeadOfAnotherLayer_Throws() => Refused<ArgumentException>(
        CutModels.Mlp(), model => model.TruncateEtf("0", Measure(model)["3"].Head!), "*behind '3', not behind '0'*");

    [Fact]
    public void TruncateEtf_HeadOfAnotherWidth_NamesBoth()
    {
        using var scope = NewDisposeScope();
        using var other = nn.Sequential(nn.Linear(16, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 4));
        var head = Measure(other)["0"].Head!;
        Refused<ArgumentException>(CutModels.Mlp(), model => model.TruncateEtf("0", head), "*9 features*16*");
    }

    [Fact]
    public void TruncateEtf_LayerWithoutHead_SaysWhy() => Refused<ArgumentException>(
        CutModels.Mlp(), model => model.TruncateEtf(Measure(model, new DepthOptions { MaxRidgeWidth = 8 })["3"]), "*MaxRidgeWidth*");

    [Fact]
    public void TruncateEtf_InsideABlock_NamesTheBlock()
    {
        using var scope = NewDisposeScope();
        using var images = randn(32, 3, 8, 8);
        using var labels = arange(32).remainder(4);
        Refused<ArgumentException>(
            DeepNetworks.ResNet(4), model => model.TruncateEtf(model.MeasureDepth([(images, labels)], [(images, labels)])["block2.conv1"]),
            "*cut behind 'block2'*");
    }

    [Fact]
    public void TruncateEtf_ModelWithAForwardOfItsOwn_SaysWhatCanBeDropped() => Refused<ArgumentException>(
        CutModels.Blocks(), model => model.TruncateEtf(Measure(model)["blocks.1.0"]),
        "*BlockModel*forward may bypass the cut*drop the blocks behind 'blocks.*");

    [Fact]
    public void TruncateEtf_ModuleOfTheTailUsedBeforeTheCut_Throws()
    {
        using var scope = NewDisposeScope();
        var act = nn.ReLU();
        var layer = nn.Linear(16, 16);
        Refused<ArgumentException>(
            nn.Sequential(nn.Linear(16, 16), layer, act, nn.Linear(16, 16), layer, nn.Linear(16, 4)),
            model => model.TruncateEtf(Measure(model)["3"]), "*is also before it*");
    }

    [Fact]
    public void TruncateEtf_UnderALiveScheduler_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var etf = model.ApplyAdaptiveEtf(0.1);
        var cut = Measure(model)["0"];
        var truncate = () => { model.TruncateEtf(cut); };
        truncate.Should().Throw<InvalidOperationException>().WithMessage("*scheduler*");
        model.Count.Should().Be(8);
    }

    [Fact]
    public void Revert_UnderALiveScheduler_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var truncation = model.TruncateEtf(Measure(model)["0"]);
        using var etf = model.ApplyAdaptiveEtf(0.1);
        truncation.Invoking(one => one.Revert()).Should().Throw<InvalidOperationException>().WithMessage("*scheduler*");
        model.Count.Should().Be(4);
    }

    [Fact]
    public void TruncateEtf_OptimizerThatCannotServe_Throws()
    {
        using var scope = NewDisposeScope();
        using var other = nn.Linear(2, 2);
        using var foreign = optim.SGD(other.parameters(), 0.1);
        Refused<ArgumentException>(
            CutModels.Mlp(), model => model.TruncateEtf(Measure(model)["0"], foreign), "*none of the model's parameters*");
        Refused<NotSupportedException>(
            CutModels.Mlp(), model => model.TruncateEtf(Measure(model)["0"], optim.LBFGS(model.parameters())), "*LBFGS*");
    }

    [Fact]
    public void TruncateEtf_Null_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        new Action[]
        {
            () => model.TruncateEtf((DepthLayer)null!), () => model.TruncateEtf(null!, Measure(model)["0"].Head!),
            () => model.TruncateEtf("0", (DepthHead)null!), () => model.TruncateEtf("0", (Action)null!),
        }.Should().AllSatisfy(act => act.Should().Throw<ArgumentNullException>());
    }

    private static DepthHead Renamed(DepthHead head, string layer) => new(
        layer, new HeadPlace(layer, ""), head.Shape, new double[head.Width * head.ClassCount], new double[head.ClassCount], 1);

    private static DepthReport Measure(nn.Module model, DepthOptions? options = null)
    {
        using var data = new Blobs(64);
        return CutModels.Measure(model, data, options);
    }

    private static void Refused<TException>(nn.Module model, Action<nn.Module> truncate, string message)
        where TException : Exception
    {
        using var scope = NewDisposeScope();
        using var owned = model;
        var (bytes, children) = (ModelBytes.Of(model), ModuleTree.Walk(model).Select(node => node.Path).ToList());

        model.Invoking(truncate).Should().Throw<TException>().WithMessage(message);

        ModelBytes.Of(model).Should().Equal(bytes);
        ModuleTree.Walk(model).Select(node => node.Path).Should().Equal(children);
        EtfPlan.Of(model).CutNames.Should().BeEmpty();
    }
}
