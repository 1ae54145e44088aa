using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement;

/// <summary>Everything that changes a model may stand beside a validation in <c>torch.inference_mode()</c>.</summary>
public sealed class InferenceModeTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("EndEpoch")]
    [InlineData("cut")]
    [InlineData("Revert")]
    [InlineData("Restore")]
    [InlineData("MaterializeEtf")]
    [InlineData("ApplyEtf")]
    [InlineData("TruncateEtf")]
    [InlineData("LoadSafetensors")]
    public void TrainingGoesOn_AfterAChangeInInferenceMode(string what)
    {
        using var data = new Blobs();
        using var model = nn.Sequential(
            ("a", nn.Linear(Blobs.Width, 16)), ("relu", nn.ReLU()), ("b", nn.Linear(16, 16)), ("relu2", nn.ReLU()),
            ("head", nn.Linear(16, Blobs.Classes)));
        using var optimizer = optim.Adam(model.parameters(), 3e-3);
        var options = TrainingLoop.Eager with
        {
            Epsilon = 0.9,
            RequireConfidence = false,
            Tail = what == "cut" ? TailPolicy.Cut : TailPolicy.Keep,
            TailTolerance = 0.5,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        var start = etf.Snapshot();
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            using var inference = inference_mode();
            model.call(data.Inputs).Dispose();
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
        (etf.Report.Tail?.Cut is not null).Should().Be(what == "cut");
        using (inference_mode())
            Change();
        TrainingLoop.Epoch(model, optimizer, data);
        model.parameters().Should().OnlyContain(parameter => parameter.isfinite().all().item<bool>());

        void Change()
        {
            if (what == "Revert")
                etf.Revert(etf.Report.FixedLayers[0].Name);
            else if (what == "Restore")
                etf.Restore(start);
            if (what is not ("MaterializeEtf" or "ApplyEtf" or "TruncateEtf" or "LoadSafetensors"))
                return;
            etf.Restore(start);
            etf.Dispose();
            using var stream = new MemoryStream();
            if (what == "TruncateEtf")
                model.TruncateEtf(model.MeasureDepth(data.Batches(), data.Batches(), new DepthOptions { Tolerance = 0.9 })["a"], optimizer);
            else
                model.ApplyEtf(EtfFrame.Identity, ["b"], [optimizer]);
            if (what == "MaterializeEtf")
                model.MaterializeEtf();
            model.SaveSafetensors(stream);
            stream.Position = 0;
            model.LoadSafetensors(stream);
        }
    }
}
