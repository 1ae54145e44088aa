using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth;

public sealed class MeasureDepthTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void MeasureDepth_Mlp_EqualsBruteForce(int seed)
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(seed);
        using var training = new Blobs(200, noise: 1.2, seed: (ulong)seed);
        using var test = new Blobs(120, noise: 1.2, seed: (ulong)seed);

        var report = model.MeasureDepth(training.Batches(), test.Batches());

        model.eval();
        RequireBruteForce(report, model, training, test, ("0", 3), ("3", 5), ("5", 7), ("7", 8));
    }

    [Fact]
    public void MeasureDepth_Convolutions_EqualsBruteForceOnSpatialMeans()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(
            ("conv1", nn.Conv2d(1, 16, 3, padding: 1)), ("act1", nn.ReLU()), ("conv2", nn.Conv2d(16, 16, 3)), ("norm2", nn.BatchNorm2d(16)),
            ("act2", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("head", nn.Linear(16, 4)));
        var (training, test) = (DepthModels.Images(96, 1), DepthModels.Images(64, 2));

        var report = model.MeasureDepth([training], [test]);

        model.eval();
        using var noGrad = no_grad();
        foreach (var (name, children) in new[] { ("conv1", 2), ("conv2", 5) })
        {
            var features = DepthModels.First(model, children, training.Input).flatten(2).mean([2L]);
            var held = DepthModels.First(model, children, test.Input).flatten(2).mean([2L]);
            var (weight, bias) = BruteForceHeads.Ridge(features, training.Labels, 4);
            report[name].CenterAccuracy
                .Should().BeApproximately(BruteForceHeads.CenterAccuracy(features, training.Labels, held, test.Labels), 1e-6);
            report[name].RidgeAccuracy.Should().BeApproximately(
                BruteForceHeads.Share(held.to(float64).mm(weight.t()).add(bias).argmax(1), test.Labels), 1e-6);
            // The head's module pools by itself.
            using var head = report[name].Head!.CreateModule(float64);
            var outputs = head.call(DepthModels.First(model, children, test.Input).to(float64)) / report[name].Head!.Scale;
            var exact = DepthModels.First(model, children, test.Input).to(float64).flatten(2).mean([2L]);
            (outputs - exact.mm(weight.t()).add(bias)).abs().max().item<double>().Should().BeLessThan(1e-6);
        }
    }

    [Fact]
    public void MeasureDepth_AnyNumberOfLayers_CallsTheModelOncePerBatch()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(256);
        var (calls, rows) = (0, 0L);
        model.register_forward_pre_hook((_, input) =>
        {
            (calls, rows) = (calls + 1, rows + input.shape[0]);
            return input;
        });
        var enumerated = 0;

        model.MeasureDepth(Once(data.Batches()), Once(data.Batches(64)));

        calls.Should().Be(8 + 4);
        rows.Should().BeLessThanOrEqualTo((long)(3.5 * 256), "that is what the whole measurement may cost");
        enumerated.Should().Be(2);

        IEnumerable<(Tensor, Tensor)> Once(IEnumerable<(Tensor, Tensor)> batches)
        {
            enumerated++;
            foreach (var batch in batches)
                yield return batch;
        }
    }

    [Fact]
    public void MeasureDepth_ModelInTraining_ChangesNothingAndLeavesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(64);
        model.train();
        model[1].Should().BeOfType<BatchNorm1d>().Which.eval();
        var before = ModelBytes.Of(model);
        var heads = new List<DepthHead>();
        Measure();
        var live = Live;

        Measure();

        Live.Should().Be(live);
        ModelBytes.Of(model).Should().Equal(before);
        model.training.Should().BeTrue();
        ((nn.Module)model[1]).training.Should().BeFalse();
        ((nn.Module)model[3]).training.Should().BeTrue();

        void Measure()
        {
            using var inner = NewDisposeScope();
            heads.AddRange(model.MeasureDepth(data.Batches(), data.Batches()).Layers.Select(layer => layer.Head!));
        }
    }

    [Fact]
    public void MeasureDepth_UnderALiveScheduler_DoesNotDisturbTheTraining()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs(128);
        var reports = new[] { false, true }.Select(measured =>
        {
            using var model = DepthModels.Mlp(1);
            using var optimizer = optim.SGD(model.parameters(), 0.1);
            using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager, optimizer);
            for (var epoch = 0; epoch < 2; epoch++)
            {
                TrainingLoop.Epoch(model, optimizer, data, etf);
                if (measured)
                    model.MeasureDepth(data.Batches(), data.Batches());
                etf.EndEpoch();
            }

            return (etf.Report.ToString(), ModelBytes.Of(model));
        }).ToList();

        reports[1].Item1.Should().Be(reports[0].Item1);
        reports[1].Item2.Should().Equal(reports[0].Item2);
    }

    [Fact]
    public void MeasureDepth_WideLayer_HasNoRidgeHeadAndSaysWhy()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(64);

        var report = model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { MaxRidgeWidth = 20 });

        report["0"].RidgeAccuracy.Should().BeNull();
        report["0"].Reason.Should().Contain("24 features").And.Contain("MaxRidgeWidth");
        report["0"].CenterAccuracy.Should().NotBeNull();
        report["5"].RidgeAccuracy.Should().NotBeNull();
    }

    [Fact]
    public void MeasureDepth_Scale_IsTheOneOfLeastCrossEntropy()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var training = new Blobs(200, noise: 2, seed: 1);
        using var test = new Blobs(200, noise: 2, seed: 1);
        model.eval();

        var head = model.MeasureDepth(training.Batches(), test.Batches())["3"].Head!;

        using var module = head.CreateModule(float64);
        var scores = module.call(DepthModels.First(model, 5, test.Inputs).to(float64));
        double Loss(double factor) => nn.functional.cross_entropy(scores * factor, test.Labels).item<double>();
        Loss(1).Should().BeLessThan(Loss(1.01)).And.BeLessThan(Loss(0.99));
    }

    [Fact]
    public void MeasureDepth_ParametersAndTime_RiseToThoseOfTheModel()
    {
        using var scope = NewDisposeScope();
        using var model = DeepNetworks.ResNet(4);
        var images = DepthModels.Images(32, 1, channels: 3);

        var report = model.MeasureDepth([images], [images]);

        report.Layers.Select(layer => layer.Name).Should().Equal(
            "stem", "block1.conv1", "block1.conv2", "block1", "block2.conv1", "block2.conv2", "block2.skip.0", "block2", "block3.conv1",
            "block3.conv2", "block3", "block4.conv1", "block4.conv2", "block4.skip.0", "block4", "block5.conv1", "block5.conv2",
            "block5", "head");
        report.Layers.Select(layer => layer.Parameters).Should().BeInAscendingOrder();
        report["stem"].Parameters.Should().Be(3 * 16 * 9 + 32, "its batch norm belongs to it");
        report["block1"].Parameters.Should().Be(report["stem"].Parameters + 2 * (16 * 16 * 9 + 32));
        report["head"].Parameters.Should().Be(report.Parameters).And.Be(model.parameters().Sum(parameter => parameter.NumberOfElements));
        report.Layers.Select(layer => layer.Microseconds).Should().BeInAscendingOrder();
        report["head"].TimeShare.Should().BeInRange(0, 1);
        report["block1"].CutObstacle.Should().BeNull();
        report["block1.conv1"].CutObstacle.Should().Contain("cut behind 'block1'");
        report["head"].CutObstacle.Should().Contain("last layer");
    }

    [Fact]
    public void MeasureDepth_CollapsedNetwork_FindsTheShallowCut()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(256);
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        for (var epoch = 0; epoch < 4; epoch++)
            TrainingLoop.Epoch(model, optimizer, data);

        var report = model.MeasureDepth(data.Batches(), data.Batches());

        report.ModelAccuracy.Should().BeGreaterThan(0.95);
        report.EffectiveDepth(0.05).Should().Be(1);
        report.ShallowestCut!.Name.Should().Be("0");
        report.ToString().Should().Contain("shallowest cut within 0.005: behind 0");
    }

    [CudaFact]
    public void MeasureDepth_OnCuda_EqualsTheCpuAndCutsThere()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(256, noise: 1.2);
        var wanted = model.MeasureDepth(data.Batches(), data.Batches());
        model.to(CUDA);

        var report = model.MeasureDepth(
            data.Batches().Select(batch => (batch.Input.cuda(), batch.Labels.cuda())),
            data.Batches().Select(batch => (batch.Input.cuda(), batch.Labels)));

        foreach (var (here, there) in report.Layers.Zip(wanted.Layers))
        {
            here.CenterAccuracy.Should().BeApproximately(there.CenterAccuracy!.Value, 0.01);
            here.RidgeAccuracy.Should().BeApproximately(there.RidgeAccuracy!.Value, 0.01);
        }

        using var truncation = model.TruncateEtf(report["3"]);
        model.eval();
        model.call(data.Inputs.cuda()).argmax(1).cpu().eq(data.Labels).to(float64).mean().item<double>()
            .Should().BeApproximately(report["3"].RidgeAccuracy!.Value, 0.01);
        truncation.Revert();
        model.call(data.Inputs.cuda()).device_type.Should().Be(DeviceType.CUDA);
    }

    private static void RequireBruteForce(
        DepthReport report, Sequential model, Blobs training, Blobs test, params (string Name, int Children)[] layers)
    {
        using var noGrad = no_grad();
        foreach (var (name, children) in layers)
        {
            var (features, held) = (DepthModels.First(model, children, training.Inputs), DepthModels.First(model, children, test.Inputs));
            var (weight, bias) = BruteForceHeads.Ridge(features, training.Labels, Blobs.Classes);
            var entry = report[name];
            entry.CenterAccuracy.Should().BeApproximately(
                BruteForceHeads.CenterAccuracy(features, training.Labels, held, test.Labels), 1e-6);
            entry.RidgeAccuracy.Should().BeApproximately(
                BruteForceHeads.Share(held.to(float64).mm(weight.t()).add(bias).argmax(1), test.Labels), 1e-6);
            using var head = entry.Head!.CreateModule(float64);
            head.Should().BeOfType<Linear>();
            (((Linear)head).weight! / entry.Head.Scale - weight).abs().max().item<double>().Should().BeLessThan(1e-6);
            (((Linear)head).bias! / entry.Head.Scale - bias).abs().max().item<double>().Should().BeLessThan(1e-6);
        }

        report.ModelAccuracy.Should().BeApproximately(BruteForceHeads.Share(model.call(test.Inputs).argmax(1), test.Labels), 1e-6);
    }
}
