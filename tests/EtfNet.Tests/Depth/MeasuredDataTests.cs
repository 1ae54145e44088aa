using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth;

public sealed class MeasuredDataTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Fact]
    public void MeasureDepth_FailsInTheMiddle_LeavesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
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
    public void MeasureDepth_FewerSamplesThanFeatures_StillFitsAHead()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Sequential(1, nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4));
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
        using var model = DepthModels.Mlp(1);
        var one = (randn(8, 16), full([8], 2, dtype: int64));
        var measure = () => { model.MeasureDepth([one], [one]); };
        measure.Should().Throw<ArgumentException>().WithParameterName("training").WithMessage("All 8 training samples are of class 2*");
    }

    [Fact]
    public void MeasureDepth_NoBatch_NamesTheSequence()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
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
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(64);
        var measure = () => { model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { ClassCount = 3 }); };
        measure.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void MeasureDepth_NotFiniteFeatures_AreLeftOutAndCounted()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
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
        using var model = DepthModels.Sequential(1, nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));
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
    public void MeasureDepth_SeveralInputs_TakesTheForwardGiven()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(64);
        var wanted = model.MeasureDepth(data.Batches(), data.Batches());

        var report = model.MeasureDepth(
            data.Batches().ToList(), data.Batches().ToList(), batch => model.call(batch.Input), batch => batch.Labels);

        report.Layers.Select(layer => layer.RidgeAccuracy).Should().Equal(wanted.Layers.Select(layer => layer.RidgeAccuracy));
    }

    [Fact]
    public void MeasureDepth_UnknownLayer_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = DepthModels.Mlp(1);
        using var data = new Blobs(64);
        var measure = () => { model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { Include = ["9"] }); };
        measure.Should().Throw<ArgumentException>().WithMessage("*'9'*");
    }
}
