using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

public sealed class ModuleExtensionsTests
{
    [Theory]
    [InlineData("ModuleField", true)]
    [InlineData("LinearField", false)]
    public void MeasureFootprint_AfterAFix_WeightGradientAndStateAreGone(string shape, bool freed)
    {
        using var data = new Blobs();
        using var model = Shapes.Make(shape);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        TrainingLoop.Epoch(model, optimizer, data);
        var before = model.MeasureFootprint(optimizer);

        model.ApplyEtf(EtfFrame.Identity, ["hidden"], [optimizer]);
        TrainingLoop.Epoch(model, optimizer, data);
        var after = model.MeasureFootprint(optimizer);

        const long weight = 16 * 16;
        before.TrainableParameters.Should().Be((16 * 16) + 16 + (16 * 4) + 4);
        before.OptimizerBytes.Should().Be(2 * 4 * before.TrainableParameters);
        after.TrainableParameters.Should().Be(before.TrainableParameters - weight);
        after.FixedParameters.Should().Be(weight);
        after.GradientBytes.Should().Be(before.GradientBytes - (4 * weight));
        after.OptimizerBytes.Should().Be(before.OptimizerBytes - (2 * 4 * weight));
        if (freed)
            after.WeightBytes.Should().Be(before.WeightBytes - (4 * weight) + 8, "eight bytes hold the frame's scale");
        else
            after.WeightBytes.Should().Be(before.WeightBytes);
    }
}
