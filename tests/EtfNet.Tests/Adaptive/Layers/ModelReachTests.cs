using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Which part of a model can be fixed, and what the report says of the rest.</summary>
public sealed class ModelReachTests
{
    [Fact]
    public void Report_ModelOfManyKinds_NamesWhatIsOutOfReachAndItsShare()
    {
        using var model = new ManyKinds();
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Exclude = ["left"] });
        var report = etf.Report;
        report.Skipped.Select(layer => layer.Name).Should()
            .BeEquivalentTo("conv", "depthwise", "depthwise2", "up2", "table", "attention", "recurrent", "up", "left", "own");
        report.Skipped.Should().OnlyContain(layer => layer.Reason.Length > 10);
        report.Skipped.Single(layer => layer.Name == "conv").Should()
            .Match((SkippedLayer layer) => layer.Reason.Contains("first convolution") && layer.Parameters == (8 * 3 * 3 * 3) + 8);
        report.Skipped.Single(layer => layer.Name == "table").Reason.Should().Contain("Embedding");
        report.Skipped.Single(layer => layer.Name == "attention").Reason.Should().Contain("native");
        report.Skipped.Single(layer => layer.Name == "recurrent").Reason.Should().Contain("LSTM");
        report.Skipped.Single(layer => layer.Name == "up").Reason.Should().Contain("OrColumns");
        report.Skipped.Single(layer => layer.Name == "left").Reason.Should().Contain("Exclude");
        report.ParametersInReach.Should().Be((16 * 4) + (8 * 8 * 3 * 3));
        (report.ParametersInReach + report.ParametersOutOfReach).Should()
            .Be(model.parameters().Sum(parameter => parameter.NumberOfElements));
        report.ToString()
            .Should().Contain("depthwise, depthwise2: skipped, it is a depthwise")
            .And.MatchRegex(@"640 of \d,\d{3} parameters are in reach \(\d+\.\d%\)");
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void Report_AfterAFix_CountsTheSame(string shape)
    {
        using var data = new Blobs();
        using var model = Shapes.Make(shape);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["hidden"] }, optimizer);
        etf.Report.ParametersInReach.Should().Be(16 * 16);
        etf.Report.ParametersOutOfReach.Should().Be((16 * 4) + 16 + 4);
        TrainingLoop.UntilFixed(model, optimizer, data, etf, "hidden");
        etf.Report.ParametersInReach.Should().Be(16 * 16);
        etf.Dispose();
        using var next = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.3 }, optimizer);
        next.Report.ParametersInReach.Should().Be((16 * 16) + (16 * 4), "what is fixed already is in reach");
        next.Report.ParametersOutOfReach.Should().Be(16 + 4);
    }

    /// <summary>A head of many classes on narrow features has no row frame; the convolutions before it are worth watching.</summary>
    [Fact]
    public void ApplyAdaptiveEtf_HeadWithoutFrameBehindConvolutions_WatchesAndSaysSo()
    {
        manual_seed(1);
        using var model = nn.Sequential(
            ("conv", nn.Conv2d(1, 16, 3, padding: 1)), ("act", nn.ReLU()), ("pool", nn.AdaptiveAvgPool2d([1, 1])),
            ("flat", nn.Flatten()), ("head", nn.Linear(16, 40)));
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        using var etf = model.ApplyAdaptiveEtf(0.1, optimizer);
        etf.Report.ParametersInReach.Should().Be(0);
        etf.Report.Skipped.Select(layer => layer.Name).Should().Equal("conv", "head");
        using var generator = new Generator(2);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            using var scope = NewDisposeScope();
            var (input, labels) = (randn([32, 1, 6, 6], generator: generator), randint(0, 40, [32], dtype: int64, generator: generator));
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(input), labels).backward();
            optimizer.step();
            etf.Observe(labels);
            etf.EndEpoch().Layers.Select(layer => layer.Name).Should().Equal("conv", "head");
        }
    }

    [Fact]
    public void ApplyAdaptiveEtf_NothingToFixAndNothingElseToWatch_Throws()
    {
        using var alone = nn.Sequential(("head", nn.Linear(16, 40)));
        ((Action)(() => alone.ApplyAdaptiveEtf(0.1))).Should().Throw<ArgumentException>()
            .WithMessage("No layer can be fixed*'head'*OrColumns*");
        using var convolutions = nn.Sequential(("conv", nn.Conv2d(1, 10, 3)));
        ((Action)(() => convolutions.ApplyAdaptiveEtf(0.1))).Should().Throw<ArgumentException>()
            .WithMessage("*no trainable linear layer or convolution*'conv'*first convolution*Include*");
    }

    /// <summary>What no frame is for is not offered by name.</summary>
    [Fact]
    public void Report_FirstConvolutionWithoutAFrame_SaysThatAndNotToNameIt()
    {
        foreach (var (first, reason) in new[]
        {
            (nn.Conv2d(4, 8, 3, groups: 2), "groups"), (nn.Conv2d(1, 16, 3), "OrColumns"), (nn.Conv2d(1, 10, 3), "Include"),
        })
        {
            using var model = nn.Sequential(("first", first), ("second", nn.Conv2d(first.out_channels, 8, 3)));
            using var etf = model.ApplyAdaptiveEtf(0.1);
            etf.Report.Skipped.Single().Reason.Should().Contain(reason);
        }
    }

    [Fact]
    public void ApplyEtf_ConvolutionThatNoFrameCanReplace_SaysWhy()
    {
        using var model = nn.Sequential(("first", nn.Conv2d(4, 8, 3, groups: 2)), ("second", nn.Conv2d(8, 8, 3)));
        ((Action)(() => model.ApplyEtf(EtfFrame.Identity, "first"))).Should().Throw<ArgumentException>()
            .WithMessage("Layer 'first' cannot be fixed: *2 groups*");
        using var alone = nn.Conv2d(8, 8, 3);
        ((Action)(() => alone.ApplyEtf(EtfFrame.Identity, "first"))).Should().Throw<ArgumentException>().WithMessage("*(model)*");
    }

    [Fact]
    public void Report_FirstConvolutionOfASharedWeight_SaysThatAndNotToNameIt()
    {
        var (first, second) = (nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3));
        second.weight = first.weight;
        using var model = nn.Sequential(("first", first), ("second", second), ("third", nn.Conv2d(8, 8, 3)));
        using var etf = model.ApplyAdaptiveEtf(0.1);
        etf.Report.Skipped.Select(layer => layer.Name).Should().Equal("first", "second");
        etf.Report.Skipped[0].Reason.Should().Contain("'second'").And.NotContain("Include");
    }

    /// <summary>The first convolution is the one that sees the inputs, wherever it is registered.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Report_AfterAnEpoch_FirstConvolutionsAreThoseThatSeeTheInputs(bool changesItsInput)
    {
        using var data = new Blobs();
        using var model = new TwoNetworks(changesItsInput);
        using var optimizer = optim.SGD(model.parameters().Where(parameter => parameter.requires_grad), 0.05);
        using var etf = model.ApplyAdaptiveEtf(0.01, optimizer);
        etf.Report.Skipped.Select(layer => layer.Name).Should().Equal("teacher2");
        TrainingLoop.Epoch(model, optimizer, data, etf);
        var report = etf.EndEpoch();
        // Where the model makes a tensor of its own of the input, the first call counts.
        string[] first = changesItsInput ? ["teacher1"] : ["teacher1", "student1"];
        report.Skipped.Select(layer => layer.Name).Should().BeEquivalentTo(first);
        report.Skipped.Should().OnlyContain(layer => layer.Reason.Contains("first convolution"));
        report["teacher1"].Decision.Reason.Should().Be(LayerReason.NotACandidate);
        var inReach = (8 * 8 * 9) + (8 * 4) + (changesItsInput ? 8 * 9 : 0);
        report.ParametersInReach.Should().Be(inReach, "frozen layers cannot be fixed");
        (report.ParametersInReach + report.ParametersOutOfReach).Should()
            .Be(model.parameters().Sum(parameter => parameter.NumberOfElements));
    }

    /// <summary>The order of registration decides nothing: neither what may be excluded, nor what clean batches show.</summary>
    [Fact]
    public void EndEpoch_OfCleanBatchesAlone_FindsTheFirstConvolutions()
    {
        using var data = new Blobs();
        using var model = new TwoNetworks(changesItsInput: false);
        using var optimizer = optim.SGD(model.parameters().Where(parameter => parameter.requires_grad), 0.05);
        using var etf = model.ApplyAdaptiveEtf(
            new AdaptiveEtfOptions { Epsilon = 0.01, Exclude = ["teacher1", "student*", "head"] }, optimizer);
        using (etf.Suspend())
            TrainingLoop.Epoch(model, optimizer, data);
        etf.EndEpoch(data.Batches()).Skipped.Should().Contain(layer => layer.Name == "teacher1")
            .And.NotContain(layer => layer.Name == "teacher2");
    }

    /// <summary>As in a training that goes on from a plan in which everything was fixed.</summary>
    [Fact]
    public void ApplyAdaptiveEtf_AllLayersFixedAlready_WatchesThem()
    {
        using var data = new Blobs();
        using var model = nn.Sequential(("0", nn.Linear(16, 16)), ("1", nn.ReLU()), ("head", nn.Linear(16, 4)));
        model.ApplyEtf(EtfFrame.Identity, "0", "head");
        using var optimizer = optim.SGD(model.parameters(), 0.05);
        using var etf = model.ApplyAdaptiveEtf(0.1, optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch().Layers.Select(layer => layer.Name).Should().Equal("0", "head");
        }

        etf.Report.Layers.Should().OnlyContain(layer => layer.NccError != null && layer.IsFixed && layer.Note == "fixed");
        etf.Report.ToString().Should().StartWith("epoch 2: 2 of 2 layers fixed");
        etf.Dispose();
        foreach (var options in new[] { new AdaptiveEtfOptions { Include = ["1"] }, new AdaptiveEtfOptions { Exclude = ["*"] } })
            ((Action)(() => model.ApplyAdaptiveEtf(options, optimizer))).Should().Throw<ArgumentException>().WithMessage("*0, head.*");
    }

    private sealed class ManyKinds : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(3, 8, 3);
        private readonly nn.Module<Tensor, Tensor> conv2 = nn.Conv2d(8, 8, 3);
        private readonly nn.Module<Tensor, Tensor> depthwise = nn.Conv2d(8, 8, 3, groups: 8);
        private readonly nn.Module<Tensor, Tensor> depthwise2 = nn.Conv2d(8, 8, 3, groups: 8);
        private readonly nn.Module<Tensor, Tensor> up2 = nn.ConvTranspose2d(8, 8, 3);
        private readonly nn.Module<Tensor, Tensor> norm = nn.BatchNorm2d(8);
        private readonly Embedding table = nn.Embedding(10, 4);
        private readonly MultiheadAttention attention = nn.MultiheadAttention(8, 2);
        private readonly LSTM recurrent = nn.LSTM(4, 4);
        private readonly nn.Module<Tensor, Tensor> up = nn.Linear(4, 16);
        private readonly nn.Module<Tensor, Tensor> left = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);
        private readonly nn.Module<Tensor, Tensor> own = new Own();

        public ManyKinds()
            : base(nameof(ManyKinds)) => RegisterComponents();

        public override Tensor forward(Tensor input) => throw new NotSupportedException();

        private sealed class Own : nn.Module<Tensor, Tensor>
        {
            private readonly Parameter matrix = new(zeros(3, 3));

            public Own()
                : base(nameof(Own)) => RegisterComponents();

            public override Tensor forward(Tensor input) => input.matmul(matrix);
        }
    }

    /// <summary>A frozen network and one that learns from the same input; both are registered from the last layer to the first.</summary>
    private sealed class TwoNetworks : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> teacher2 = nn.Conv2d(8, 8, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> teacher1 = nn.Conv2d(1, 8, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, 4);
        private readonly nn.Module<Tensor, Tensor> student2 = nn.Conv2d(8, 8, 3, padding: 1);
        private readonly nn.Module<Tensor, Tensor> student1 = nn.Conv2d(1, 8, 3, padding: 1);
        private readonly bool _changesItsInput;

        public TwoNetworks(bool changesItsInput)
            : base(nameof(TwoNetworks))
        {
            _changesItsInput = changesItsInput;
            RegisterComponents();
            foreach (var parameter in teacher1.parameters().Concat(teacher2.parameters()))
                parameter.requires_grad = false;
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var maps = (_changesItsInput ? input - 0.5 : input).view(-1, 1, 4, 4);
            var wanted = teacher2.call(teacher1.call(maps).relu());
            var given = student2.call(student1.call(maps).relu());
            return (head.call(given.relu().mean([2, 3])) + (given - wanted).square().mean()).MoveToOuterDisposeScope();
        }
    }
}
