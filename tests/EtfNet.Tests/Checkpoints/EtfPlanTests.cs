using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Checkpoints;

public sealed class EtfPlanTests
{
    [Fact]
    public void Parse_WhatToJsonGave_IsTheSamePlan()
    {
        using var model = Shapes.Make("LinearField");
        model.ApplyEtf(EtfFrame.Random(7), "hidden", "head");
        var plan = EtfPlan.Of(model);
        plan.LayerNames.Should().Equal("hidden", "head");
        EtfPlan.Parse(plan.ToJson()).ToJson().Should().Be(plan.ToJson());

        using var fresh = Shapes.Make("LinearField");
        EtfPlan.Parse(plan.ToJson()).Apply(fresh);
        EtfPlan.Of(fresh).ToJson().Should().Be(plan.ToJson());
        EtfPlan.Parse(plan.ToJson()).Apply(fresh);
    }

    [Fact]
    public void Load_StreamThatSaveWroteTo_IsTheSamePlanAndTheStreamStaysOpen()
    {
        using var model = Shapes.Make("LinearField");
        model.ApplyEtf(EtfFrame.Random(7), "hidden");
        var plan = EtfPlan.Of(model);
        using var memory = new MemoryStream();

        plan.Save(new ForwardOnlyStream(memory));

        using var folder = new TemporaryFolder();
        plan.Save(folder.File("plan.json"));
        memory.ToArray().Should().Equal(File.ReadAllBytes(folder.File("plan.json")), "a file and a stream hold the same bytes");
        memory.Position = 0;
        EtfPlan.Load(new ForwardOnlyStream(memory)).ToJson().Should().Be(plan.ToJson());
        memory.CanRead.Should().BeTrue();
    }

    [Fact]
    public void LoadAndSave_BadStreamOrPath_ThrowWhatIsDocumented()
    {
        using var model = Shapes.Make("LinearField");
        var plan = EtfPlan.Of(model);

        FluentActions.Invoking(() => EtfPlan.Load(new MemoryStream("{ \"version\": 1"u8.ToArray()))).Should().Throw<EtfStateException>()
            .Which.FileName.Should().BeNull();
        FluentActions.Invoking(() => EtfPlan.Load((Stream)null!)).Should().Throw<ArgumentNullException>().WithParameterName("stream");
        FluentActions.Invoking(() => EtfPlan.Load((string)null!)).Should().Throw<ArgumentNullException>().WithParameterName("path");
        FluentActions.Invoking(() => plan.Save((Stream)null!)).Should().Throw<ArgumentNullException>().WithParameterName("stream");
        FluentActions.Invoking(() => plan.Save((string)null!)).Should().Throw<ArgumentNullException>().WithParameterName("path");
        FluentActions.Invoking(() => plan.Save(new MemoryStream(new byte[8]))).Should().Throw<NotSupportedException>("it cannot grow");
    }

    [Theory]
    [InlineData("", "*not a plan*")]
    [InlineData("null", "*null, not a plan*")]
    [InlineData("[]", "*not a plan*")]
    [InlineData("""{ "version": 3, "layers": [] }""", "*version 3*versions up to 2*")]
    [InlineData("""{ "version": 1 }""", "*no list of layers*")]
    [InlineData("""{ "version": 1, "layers": [ { "layer": "a", "inPlace": false } ] }""", "*'a'*no frame*")]
    [InlineData("""{ "version": 1, "layers": [], "more": 1 }""", "*more*")]
    public void Parse_NoPlan_ThrowsSayingWhat(string json, string message) =>
        ((Action)(() => EtfPlan.Parse(json))).Should().Throw<EtfStateException>().WithMessage(message);

    [Theory]
    [InlineData("\"rows\": 16", "\"rows\": 99", "*rows*")]
    [InlineData("\"kind\": \"Identity\"", "\"kind\": \"Best\"", "*'hidden'*'Best'*Identity*")]
    [InlineData("\"scale\": 1", "\"scale\": -1", "*'hidden'*scale -1*")]
    public void Parse_ImpossibleFrame_NamesTheLayer(string what, string with, string message)
    {
        using var model = Shapes.Make("ModuleField");
        model.ApplyEtf(EtfFrame.Identity, "hidden");
        var json = EtfPlan.Of(model).ToJson();
        json.Should().Contain(what);
        ((Action)(() => EtfPlan.Parse(json.Replace(what, with, StringComparison.Ordinal)))).Should().Throw<EtfStateException>()
            .WithMessage(message);
    }

    [Fact]
    public void Apply_ModelThatDoesNotFit_ThrowsNamingTheLayerAndChangesNothing()
    {
        using var model = Shapes.Make("ModuleField");
        model.ApplyEtf(EtfFrame.Identity, "hidden", "head");
        var plan = EtfPlan.Of(model);

        using var other = torch.nn.Sequential(("hidden", torch.nn.Linear(16, 16)), ("act", torch.nn.ReLU()));
        ((Action)(() => plan.Apply(other))).Should().Throw<ArgumentException>().WithMessage("*'head'*does not have*");
        EtfPlan.Of(other).LayerNames.Should().BeEmpty();

        using var wider = torch.nn.Sequential(("hidden", torch.nn.Linear(16, 16)), ("act", torch.nn.ReLU()),
            ("head", torch.nn.Linear(16, 5)));
        ((Action)(() => plan.Apply(wider))).Should().Throw<ArgumentException>().WithMessage("*'head'*5 x 16*");
        EtfPlan.Of(wider).LayerNames.Should().BeEmpty();

        using var typed = Shapes.Make("LinearField");
        ((Action)(() => plan.Apply(typed))).Should().Throw<ArgumentException>().WithMessage("*'hidden'*LinearField.hidden*");
        EtfPlan.Of(typed).LayerNames.Should().BeEmpty();
    }
}
