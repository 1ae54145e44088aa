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
            after.WeightBytes.Should().Be(before.WeightBytes - (4 * weight) + 56, "seven numbers say which frame it is");
        else
            after.WeightBytes.Should().Be(before.WeightBytes);
    }

    [Fact]
    public void MaterializeEtf_FixedBias_StaysFixed()
    {
        using var model = nn.Sequential(new SimplexEtfLinear(6, 4, trainBias: false));
        model.MaterializeEtf();
        model.parameters().Should().BeEmpty("an optimizer made of them goes on with what it has");
        model.state_dict().Keys.Should().BeEquivalentTo("0.weight", "0.bias");
        model.MeasureFootprint().FixedParameters.Should().Be((6 * 4) + 4);
    }

    [Fact]
    public void ApplyEtf_NothingToFix_SaysWhat()
    {
        using var model = nn.Sequential(nn.Linear(4, 16));
        ((Action)(() => model.ApplyEtf(EtfFrame.Identity, "0"))).Should().Throw<ArgumentException>()
            .Which.Message.Should().StartWith("Layer '0': No simplex ETF of 16 rows")
            .And.NotContain("'rows'", "nobody passed that parameter");
        model.ApplyEtf(EtfFrame.Identity.OrColumns, "0");
        ((Action)(() => model.ApplyEtf(EtfFrame.Identity, "0"))).Should().Throw<ArgumentException>().WithMessage("*fixed already*");
    }
}
