using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class FixedLayerTests
{
    [Fact]
    public void Evaluate_ModelWithASimplexEtfLayer_WatchesItAsALinearOneOfTheSameWeight()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var batch = (randn(90, 6, generator: generator), arange(90) % 3);
        var body = nn.Linear(new TorchSharp.Modules.Parameter(randn(5, 6, generator: generator)));
        var layer = new SimplexEtfLinear(SimplexEtf.Create(EtfFrame.Random(4), rows: 3, columns: 5, scale: 1.5), ones(3));

        var fixedLayer = Evaluate(layer);
        var dense = Evaluate(layer.ToDense());

        fixedLayer.NccError.Should().NotBeNull().And.Be(dense.NccError);
        fixedLayer.SelfDuality.Should().NotBeNull().And.BeApproximately(dense.SelfDuality!.Value, 1e-6);

        LayerCollapse Evaluate(nn.Module<Tensor, Tensor> head)
        {
            using var monitor = new NccMonitor(nn.Sequential(("body", body), ("head", head)),
                new NccMonitorOptions { Metrics = CollapseMetricSet.All });
            return monitor.Evaluate([batch])["head"];
        }
    }
}
