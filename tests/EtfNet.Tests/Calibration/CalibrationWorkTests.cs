using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

/// <summary>How much the end of an epoch computes, counted inside the model.</summary>
public sealed class CalibrationWorkTests
{
    private static readonly AdaptiveEtfOptions Options = TrainingLoop.Eager with
    {
        Order = FixOrder.Independent,
        MaxPerEpoch = 100,
        RequireConfidence = false,
    };

    // One batch before layers are replaced, and again after it.
    private const int Check = 2 * 32;

    [Theory]
    [InlineData(320, 512, true)]
    [InlineData(1600, 512, true)]
    [InlineData(4096, 4096 * 0.3, true)]
    [InlineData(9600, 9600 * 0.3, false)]
    public void EndEpoch_ManyReadyLayers_StaysWithinATenthOfTheEpoch_AndTheOthersWaitTheirTurn(int samples, double most, bool waits)
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var data = new Blobs(samples);
        var model = new Counting(layers: 8);
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        var waited = 0;
        for (var epoch = 1; epoch <= 20 && etf.Report.FixedLayers.Count < 9; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            model.Rows = 0;
            var report = etf.EndEpoch();
            model.Rows.Should().BeLessThanOrEqualTo((long)most + Check, report.ToString());
            var waiting = report.Layers.Where(layer => layer.Decision.Reason == LayerReason.CalibrationBudget).ToList();
            waited += waiting.Count;
            foreach (var layer in waiting)
                layer.Note.Should().Be("ready; waits for its turn: calibration takes at most 10% of an epoch");
        }

        (waited > 0).Should().Be(waits);
        etf.Report.FixedLayers.Should().HaveCount(9, "all have their turn in the end: " + etf.Report);
    }

    [Fact]
    public void EndEpoch_WithoutALimit_TriesAllReadyLayersAtOnce()
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var data = new Blobs(320);
        var model = new Counting(layers: 4);
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var etf = model.ApplyAdaptiveEtf(Options with { MaxCalibrationShare = double.PositiveInfinity }, optimizer);
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            model.Rows = 0;
            etf.EndEpoch();
        }

        etf.Report.NewlyFixed.Should().HaveCount(5);
        model.Rows.Should().Be((320 * 5) + Check, "one pass as the model is, one for each hidden layer, none for the head");
    }

    [Fact]
    public void EndEpoch_TheHeadAlone_IsTriedWithoutAPassOfItsOwn()
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var data = new Blobs(256);
        var model = new Counting(layers: 2);
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var etf = model.ApplyAdaptiveEtf(Options with { Include = ["head"], MaxErrorRise = 0.5, MaxLossRise = 1 }, optimizer);
        for (var epoch = 1; epoch <= 8 && etf.Report.FixedLayers.Count == 0; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            model.Rows = 0;
            etf.EndEpoch();
        }

        model.Rows.Should().Be(256 + Check);
        var head = etf.Report.FixedLayers.Should().ContainSingle().Subject;
        // What the report says of the loss is what the fixed model has.
        using var noGrad = no_grad();
        model.eval();
        nn.functional.cross_entropy(model.call(data.Inputs), data.Labels).item<float>()
            .Should().BeApproximately((float)head.LossAfter!.Value, 1e-4f);
    }

    [Fact]
    public void EndEpoch_ResumedFromACheckpoint_GivesTheSameLayersTheirTurn()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs(1600);
        using var folder = new TemporaryFolder();
        var path = folder.File("training");
        var straight = Run(6, null);
        Run(3, path);
        manual_seed(9);
        var model = new Counting(layers: 8);
        var optimizer = optim.Adam(model.parameters(), 0.003);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        EtfCheckpoint.Load(path, etf);
        for (var epoch = 4; epoch <= 6; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty().And.HaveCountLessThan(9);
        etf.Report.ToString().Should().Be(straight.Report);
        ModelBytes.Of(model).Should().Equal(straight.Bytes);

        (string Report, IReadOnlyList<string> Bytes) Run(int epochs, string? path)
        {
            manual_seed(1);
            var model = new Counting(layers: 8);
            var optimizer = optim.Adam(model.parameters(), 0.003);
            using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
            for (var epoch = 1; epoch <= epochs; epoch++)
            {
                TrainingLoop.Epoch(model, optimizer, data, etf);
                etf.EndEpoch();
            }

            if (path is not null)
                EtfCheckpoint.Save(path, etf);
            return (etf.Report.ToString(), ModelBytes.Of(model));
        }
    }

    private sealed class Counting : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.ModuleList<nn.Module<Tensor, Tensor>> hidden;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Counting(int layers)
            : base(nameof(Counting))
        {
            hidden = nn.ModuleList(Enumerable.Range(0, layers).Select(_ => (nn.Module<Tensor, Tensor>)nn.Linear(16, 16)).ToArray());
            RegisterComponents();
        }

        public long Rows { get; set; }

        public override Tensor forward(Tensor input)
        {
            Rows += input.shape[0];
            using var scope = NewDisposeScope();
            foreach (var layer in hidden)
                input = input + layer.call(input).relu();
            return head.call(input).MoveToOuterDisposeScope();
        }
    }
}
