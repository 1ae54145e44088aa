using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

public sealed class TruncateTests
{
    [Fact]
    public void TruncateEtf_Sequential_IsTheFirstLayersAndTheHead()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(128);
        var cut = CutModels.Measure(model, data)["3"];
        model.eval();
        var features = data.Inputs;
        for (var i = 0; i < 5; i++)
            features = model[i].call(features);
        using var head = cut.Head!.CreateModule();

        using var truncation = model.TruncateEtf(cut);

        (model.call(data.Inputs) - head.call(features)).abs().max().item<float>().Should().BeLessThan(1e-6f);
        model.named_children().Select(child => child.name).Should().Equal("0", "1", "2", "3", "4", "5");
        ((nn.Module)model[5]).Should().BeSameAs(truncation.Head).And.BeOfType<Linear>();
        truncation.Cut.Should().Be("3");
        truncation.RemovedModules.Should().Equal("5", "6", "7");
        truncation.RemovedParameters.Should().Be(17 * 16 + 17 * 4);
        model.state_dict().Keys.Should().Contain(["5.weight", "5.bias"]).And.HaveCount(11);
    }

    [Theory]
    [InlineData("0", "0,1")]
    [InlineData("2", "0,1,2,3")]
    public void TruncateEtf_NestedSequential_ShortensBoth(string layer, string left)
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Nested();
        using var data = new Blobs(64);
        model.eval();
        var cut = CutModels.Measure(model, data)["features." + layer];
        var features = (Sequential)model[0];
        var before = layer == "0" ? features[1].call(features[0].call(data.Inputs)) : features.call(data.Inputs);
        using var head = cut.Head!.CreateModule();

        using var truncation = model.TruncateEtf(cut);

        (model.call(data.Inputs) - head.call(before)).abs().max().item<float>().Should().BeLessThan(1e-6f);
        model.named_children().Select(child => child.name).Should().Equal("features", "classifier");
        string.Join(",", features.named_children().Select(child => child.name)).Should().Be(left);
        truncation.RemovedModules.Should().Contain("classifier").And.Contain("drop");
        truncation.Revert();
        model.Count.Should().Be(3);
        features.Count.Should().Be(4);
    }

    [Fact]
    public void TruncateEtf_ModelThatReturnsWhatASequentialGives_CutsThatOne()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Wrapped();
        using var plain = CutModels.Mlp();
        using var data = new Blobs(64);
        model.eval();
        plain.eval();
        var cut = CutModels.Measure(model, data)["net.0"];
        plain.TruncateEtf(CutModels.Measure(plain, data)["0"]).Dispose();

        cut.CutObstacle.Should().BeNull();
        using var truncation = model.TruncateEtf(cut);

        truncation.RemovedModules.Should().HaveElementAt(0, "net.3");
        (model.call(data.Inputs) - plain.call(data.Inputs)).abs().max().item<float>().Should().BeLessThan(1e-6f);
        EtfPlan.Of(model).CutNames.Should().Equal("net");
    }

    [Fact]
    public void MeasureDepth_ModelThatAddsASkipToItsSequential_OffersNoCut()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Wrapped(changed: true);
        using var data = new Blobs(64);
        CutModels.Measure(model, data).Layers.Should().OnlyContain(layer => layer.CutObstacle!.Contains("may bypass the cut"));
    }

    [Fact]
    public void TruncateEtf_Convolutions_PoolsInFrontOfTheHead()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Convolutions();
        using var data = new Blobs(64);
        var cut = CutModels.Measure(model, data)["conv1"];
        model.eval();
        var maps = model[2].call(model[1].call(model[0].call(data.Inputs)));
        using var truncation = model.TruncateEtf(cut);

        truncation.Head.Should().BeOfType<PooledHead>();
        var linear = (Linear)((PooledHead)truncation.Head!).Classifier;
        var wanted = maps.mean([2L, 3L]).mm(linear.weight!.t()) + linear.bias!;
        (model.call(data.Inputs) - wanted).abs().max().item<float>().Should().BeLessThan(1e-5f);
        model.named_children().Select(child => child.name).Should().Equal("unflat", "conv1", "act1", "head");
    }

    [Theory]
    [InlineData("SGD", true)]
    [InlineData("Adam", true)]
    [InlineData("Adam", false)]
    [InlineData("RMSProp", false)]
    public void TruncateEtf_WithAnOptimizer_TrainsTheHeadAndNothingThatIsGone(string kind, bool lazy)
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(128, noise: 1.5);
        using var optimizer = OptimizerKinds.Make(kind, lazy ? model.parameters() : [.. model.parameters()]);
        TrainingLoop.Epoch(model, optimizer, data);
        var cut = CutModels.Measure(model, data)["0"];
        model.train();

        using var truncation = model.TruncateEtf(cut, optimizer);

        optimizer.parameters().Select(parameter => parameter.Handle).Should()
            .BeEquivalentTo(model.parameters().Select(parameter => parameter.Handle));
        truncation.Release();
        var before = ((Linear)truncation.Head!).weight!.detach().clone();
        var first = TrainingLoop.Epoch(model, optimizer, data);
        var last = first;
        for (var epoch = 0; epoch < 8; epoch++)
            last = TrainingLoop.Epoch(model, optimizer, data);
        last.Should().BeLessThan(first);
        (((Linear)truncation.Head!).weight! - before).abs().max().item<float>().Should().BeGreaterThan(0);
        model.training.Should().BeTrue();
        truncation.Head!.training.Should().BeTrue();
    }

    [Fact]
    public void RemovedModule_CalledFromOutside_SaysThatItWasCutOff()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Mlp();
        using var data = new Blobs(64);
        var last = model[7];
        using var truncation = model.TruncateEtf(CutModels.Measure(model, data)["0"]);

        var call = () => { last.call(data.Inputs); };

        call.Should().Throw<InvalidOperationException>().WithMessage("'7' was cut off*");
        truncation.Revert();
        call.Should().NotThrow();
    }

    [Fact]
    public void TruncateEtf_SharedWeight_StaysWithThePartThatIsLeft()
    {
        using var scope = NewDisposeScope();
        var shared = nn.Linear(16, 16);
        using var model = nn.Sequential(shared, nn.ReLU(), nn.Linear(16, 16), nn.Linear(16, 4));
        // The third layer has the first one's weight.
        ((Linear)model[2]).weight = shared.weight;
        using var data = new Blobs(64);
        using var optimizer = optim.SGD(model.parameters().ToList(), 0.1);

        using (model.TruncateEtf(CutModels.Measure(model, data)["0"], optimizer))
            optimizer.parameters().Should().Contain(parameter => parameter.Handle == shared.weight!.Handle);

        shared.weight!.shape.Should().Equal(16, 16);
        TrainingLoop.Epoch(model, optimizer, data);
    }

    [Fact]
    public void TruncateEtf_ThenAdaptiveEtf_FixesTheHeadLikeAnyLayer()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Convolutions();
        using var data = new Blobs(128);
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        for (var epoch = 0; epoch < 3; epoch++)
            TrainingLoop.Epoch(model, optimizer, data);
        model.TruncateEtf(CutModels.Measure(model, data)["conv2"], optimizer).Dispose();

        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager, optimizer);
        var report = TrainingLoop.UntilFixed(model, optimizer, data, etf, "head.linear");

        report.FixedLayers.Should().Contain(layer => layer.Name == "head.linear");
    }
}
