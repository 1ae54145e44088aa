using EtfNet.Benchmarks.Ratios;
using EtfNet.Benchmarks.Training;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Benchmarks;

public sealed class ManyClassesRatioTests
{
    [Fact]
    public void Registry_HasTheOverheadOfManyClasses() =>
        RatioRegistry.All.Single(ratio => ratio.Name == "nccOverheadManyClasses").Cases().Single().Width.Should().Be(512);

    [Fact]
    public void Rig_OfMoreClassesThanABatchHas_ShowsAllOfThemInTurn()
    {
        using var rig = new TrainingRig(width: 8, classes: 300);
        var seen = new HashSet<long>();
        for (var step = 0; step < 3; step++)
        {
            long[] during = [];
            rig.Step(() => during = rig.Labels.data<long>().ToArray());
            during.Should().HaveCount((int)TrainingRig.Batch);
            rig.Labels.data<long>().ToArray().Should().Equal(during, "they stay until the next step");
            seen.UnionWith(during);
        }

        seen.Should().HaveCount(300);
        rig.Model.state_dict()["head.weight"].shape.Should().Equal(300, 8);
    }
}
