using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>Where there is nothing to measure the report says so: no NaN, and no zero that looks like collapse.</summary>
public sealed class DegenerateTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly nn.Module<Tensor, Tensor> _model = nn.Identity();

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    public static TheoryData<string, string> Cases => new()
    {
        { "zeros", "*same features whatever goes in*dead*" },
        { "constant", "*same features whatever goes in*dead*" },
        { "one class", "*only one class*" },
        { "one sample", "*only one class*" },
        { "one sample per class", "*single sample*" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void NothingToMeasure_HasAReasonAndNoNumber(string what, string reason)
    {
        foreach (var onDevice in new[] { false, true })
        {
            var (features, labels) = Data(what);
            using var monitor = new NccMonitor(
                _model, new NccMonitorOptions { Include = [""], Metrics = CollapseMetricSet.All, AlwaysAsOnDevice = onDevice });
            Check(monitor.Evaluate([(features, labels)])[""]);
            for (var epoch = 0; epoch < 3; epoch++)
            {
                monitor.Observe("", features, labels);
                var layer = monitor.EndEpoch()[""];
                if (epoch > 0)
                    Check(layer);
            }
        }

        void Check(LayerCollapse layer)
        {
            layer.Reason.Should().Match(reason);
            ReportNumbers.Of(layer).Should().BeEmpty();
        }
    }

    [Fact]
    public void FewSingleSamplesAmongOthers_CountAsErrors()
    {
        var (features, labels) = Watched.Data(60, 4, 3, 1, spread: 0.01);
        labels[7] = 5;
        features[7] += 50;
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { Include = [""] });
        var layer = monitor.Evaluate([(features, labels)])[""];
        (layer.Reason, layer.NccError).Should().Be((null, 1.0 / 60));
    }

    [Fact]
    public void EpochOfOneClass_AgainstCentersOfSeveral_IsScored()
    {
        var (features, labels) = Watched.Data(60, 4, 3, 1, spread: 0.01);
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { Include = [""] });
        monitor.Observe("", features, labels);
        monitor.EndEpoch();
        monitor.Observe("", features[labels.eq(1)], labels[labels.eq(1)]);
        monitor.Compute()[""].NccError.Should().Be(0);
    }

    private static (Tensor Features, Tensor Labels) Data(string what) => what switch
    {
        "zeros" => (zeros(30, 4), arange(30).remainder(3)),
        "constant" => (ones(30, 4) * 0.1f, arange(30).remainder(3)),
        "one class" => (randn(30, 4), full(30, 2L)),
        "one sample" => (randn(1, 4), ones(1, int64)),
        _ => (randn(5, 4), arange(5)),
    };
}
