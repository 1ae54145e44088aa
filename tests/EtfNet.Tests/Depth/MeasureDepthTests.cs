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
        using var model = Mlp(seed);
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
        var (training, test) = (Images(96, 1), Images(64, 2));

        var report = model.MeasureDepth([training], [test]);

        model.eval();
        using var noGrad = no_grad();
        foreach (var (name, children) in new[] { ("conv1", 2), ("conv2", 5) })
        {
            var features = First(model, children, training.Input).flatten(2).mean([2L]);
            var held = First(model, children, test.Input).flatten(2).mean([2L]);
            var (weight, bias) = BruteForceHeads.Ridge(features, training.Labels, 4);
            report[name].CenterAccuracy
                .Should().BeApproximately(BruteForceHeads.CenterAccuracy(features, training.Labels, held, test.Labels), 1e-6);
            report[name].RidgeAccuracy.Should().BeApproximately(
                BruteForceHeads.Share(held.to(float64).mm(weight.t()).add(bias).argmax(1), test.Labels), 1e-6);
            // The head's module pools by itself.
            using var head = report[name].Head!.CreateModule(float64);
            var outputs = head.call(First(model, children, test.Input).to(float64)) / report[name].Head!.Scale;
            var exact = First(model, children, test.Input).to(float64).flatten(2).mean([2L]);
            (outputs - exact.mm(weight.t()).add(bias)).abs().max().item<double>().Should().BeLessThan(1e-6);
        }
    }

    [Fact]
    public void MeasureDepth_AnyNumberOfLayers_CallsTheModelOncePerBatch()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
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
        using var model = Mlp(1);
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
    public void MeasureDepth_FailsInTheMiddle_LeavesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(64);
        model.train();
        var good = data.Batches().First();
        var live = Live;
        var test = () => { model.MeasureDepth([good], [(good.Input, good.Labels.narrow(0, 0, 3))]); };
        using (NewDisposeScope())
            test.Should().Throw<ArgumentException>().WithMessage("*3 labels*32 samples*");

        Live.Should().Be(live);
        model.training.Should().BeTrue();
    }

    [Fact]
    public void MeasureDepth_UnderALiveScheduler_DoesNotDisturbTheTraining()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs(128);
        var reports = new[] { false, true }.Select(measured =>
        {
            using var model = Mlp(1);
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
    public void MeasureDepth_FewerSamplesThanFeatures_HeadStands()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(1, nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4));
        using var data = new Blobs(512, noise: 0.2);
        var training = data.Batches(12).First();

        var report = model.MeasureDepth([training], data.Batches());

        report["0"].Observed.Should().Be(12);
        report["0"].RidgeAccuracy.Should().BeGreaterThan(0.9);
    }

    [Fact]
    public void MeasureDepth_OneClass_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        var one = (randn(8, 16), full([8], 2, dtype: int64));
        var measure = () => { model.MeasureDepth([one], [one]); };
        measure.Should().Throw<ArgumentException>().WithParameterName("training").WithMessage("All 8 training samples are of class 2*");
    }

    [Fact]
    public void MeasureDepth_NoBatch_NamesTheSequence()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(64);
        var noTraining = () => { model.MeasureDepth([], data.Batches()); };
        var noTest = () => { model.MeasureDepth(data.Batches(), []); };
        noTraining.Should().Throw<ArgumentException>().WithParameterName("training");
        noTest.Should().Throw<ArgumentException>().WithParameterName("heldOut");
    }

    [Fact]
    public void MeasureDepth_LabelOutOfRange_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(64);
        var measure = () => { model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { ClassCount = 3 }); };
        measure.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void MeasureDepth_NotFiniteFeatures_AreLeftOutAndCounted()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(128, noise: 1);
        var (whole, labels) = (data.Inputs.clone(), data.Labels);
        whole[5] = float.NaN;
        whole[9] = float.PositiveInfinity;
        var good = arange(128)[arange(128).ne(5).logical_and(arange(128).ne(9))];

        var report = model.MeasureDepth([(whole, labels)], [(whole, labels)]);

        var without = (whole[good], labels[good]);
        var wanted = model.MeasureDepth([without], [without]);
        report["3"].NonFinite.Should().Be(4, "two in each pass");
        report["3"].Samples.Should().Be(126);
        report["3"].Reason.Should().Contain("4 samples");
        report["3"].RidgeAccuracy.Should().Be(wanted["3"].RidgeAccuracy);
        report["3"].CenterAccuracy.Should().Be(wanted["3"].CenterAccuracy);
    }

    [Fact]
    public void MeasureDepth_LabelsPerPosition_FitsHeadsPerPosition()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(1, nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));
        using var data = new Blobs(240, noise: 0.3);
        var (input, labels) = (data.Inputs.reshape(24, 10, 16), data.Labels.reshape(24, 10).clone());
        labels[0, 0] = -100;

        var report = model.MeasureDepth([(input, labels)], [(input, labels)]);

        report.HeldOutSamples.Should().Be(239);
        report["0"].RidgeAccuracy.Should().BeGreaterThan(0.9);
        using var head = report["0"].Head!.CreateModule();
        head.Should().BeOfType<Linear>();
    }

    [Fact]
    public void MeasureDepth_WideLayer_HasNoRidgeHeadAndSaysWhy()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
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
        using var model = Mlp(1);
        using var training = new Blobs(200, noise: 2, seed: 1);
        using var test = new Blobs(200, noise: 2, seed: 1);
        model.eval();

        var head = model.MeasureDepth(training.Batches(), test.Batches())["3"].Head!;

        using var module = head.CreateModule(float64);
        var scores = module.call(First(model, 5, test.Inputs).to(float64));
        double Loss(double factor) => nn.functional.cross_entropy(scores * factor, test.Labels).item<double>();
        Loss(1).Should().BeLessThan(Loss(1.01)).And.BeLessThan(Loss(0.99));
    }

    [Fact]
    public void MeasureDepth_ParametersAndTime_RiseToThoseOfTheModel()
    {
        using var scope = NewDisposeScope();
        using var model = DeepNetworks.ResNet(4);
        var images = Images(32, 1, channels: 3);

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
        using var model = Mlp(1);
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

    [Fact]
    public void MeasureDepth_SeveralInputs_TakesTheForwardGiven()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(64);
        var wanted = model.MeasureDepth(data.Batches(), data.Batches());

        var report = model.MeasureDepth(
            data.Batches().ToList(), data.Batches().ToList(), batch => model.call(batch.Input), batch => batch.Labels);

        report.Layers.Select(layer => layer.RidgeAccuracy).Should().Equal(wanted.Layers.Select(layer => layer.RidgeAccuracy));
    }

    [CudaFact]
    public void MeasureDepth_OnCuda_EqualsTheCpuAndCutsThere()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
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

    [Fact]
    public void MeasureDepth_UnknownLayer_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp(1);
        using var data = new Blobs(64);
        var measure = () => { model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { Include = ["9"] }); };
        measure.Should().Throw<ArgumentException>().WithMessage("*'9'*");
    }

    private static void RequireBruteForce(
        DepthReport report, Sequential model, Blobs training, Blobs test, params (string Name, int Children)[] layers)
    {
        using var noGrad = no_grad();
        foreach (var (name, children) in layers)
        {
            var (features, held) = (First(model, children, training.Inputs), First(model, children, test.Inputs));
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

    private static Tensor First(Sequential model, int children, Tensor input)
    {
        for (var i = 0; i < children; i++)
            input = model[i].call(input);
        return input;
    }

    private static Sequential Mlp(int seed) => Sequential(
        seed, nn.Linear(16, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 20), nn.Tanh(), nn.Linear(20, 16), nn.ReLU(),
        nn.Linear(16, 4));

    private static Sequential Sequential(int seed, params nn.Module<Tensor, Tensor>[] modules)
    {
        using var generator = new Generator((ulong)seed);
        using var noGrad = no_grad();
        var model = nn.Sequential(modules);
        foreach (var parameter in model.parameters().Where(parameter => parameter.dim() > 1))
            parameter.normal_(0, 1 / Math.Sqrt(parameter.shape[1]), generator: generator);
        foreach (var layer in modules.OfType<Linear>())
            layer.bias!.zero_();
        return model;
    }

    private static (Tensor Input, Tensor Labels) Images(int count, int seed, int channels = 1)
    {
        using var generator = new Generator((ulong)seed);
        var labels = arange(count).remainder(4);
        return (randn([count, channels, 8, 8], generator: generator) + labels.to(float32).view(-1, 1, 1, 1) * 0.3, labels);
    }
}
