using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement;

public sealed class LayerReplacementTests
{
    public static TheoryData<string> ShapeNames => [.. Shapes.All.Select(shape => shape.Name)];

    [Theory]
    [MemberData(nameof(ShapeNames))]
    public void Put_EveryShapeOfModel_ReachesForwardAndRegistryAlike(string name)
    {
        var (_, make, path, replaceable) = Shapes.All.Single(shape => shape.Name == name);
        using var model = make();
        var layer = (Linear)ModuleTree.Walk(model).Single(node => node.Path == path).Module;
        var namesBefore = model.named_modules().Select(module => module.name).ToList();

        var plan = LayerReplacement.Plan(model, [(layer, typeof(Probe))])[0];

        (plan.Obstacle is null).Should().Be(replaceable, plan.Obstacle);
        if (!replaceable)
            return;
        using var probe = new Probe();
        plan.Put(probe);
        using var scope = NewDisposeScope();
        using var input = rand(3, 16);
        model.call(input).shape.Should().Equal(3, 4);
        probe.Calls.Should().BePositive();
        var called = probe.Calls;
        model.named_modules().Select(module => module.name).Should().Equal(namesBefore);
        model.named_modules().Select(module => module.module).Should().NotContain(layer).And.Contain(probe);
        SlotFinder.Find(model, [layer]).Should().BeEmpty();
        model.train(false);
        probe.training.Should().BeFalse();
        model.state_dict().Keys.Should().NotContain($"{path}.weight");

        LayerReplacement.Plan(model, [(probe, typeof(Linear))])[0].Put(layer);
        model.call(input).shape.Should().Equal(3, 4);
        probe.Calls.Should().Be(called);
        model.named_modules().Select(module => module.module).Should().Contain(layer);
    }

    [Fact]
    public void Plan_FieldTypedLinear_SaysWhereAndWhatToDo()
    {
        using var model = Shapes.Make("LinearField");
        var layer = (Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module;
        LayerReplacement.Plan(model, [(layer, typeof(Probe))])[0].Obstacle.Should()
            .Contain("LinearField.hidden").And.Contain("nn.Module<Tensor, Tensor>");
    }

    [Fact]
    public void Plan_ModelIsTheLayer_HasAnObstacle()
    {
        using var model = nn.Linear(4, 4);
        LayerReplacement.Plan(model, [(model, typeof(Probe))])[0].Obstacle.Should().Contain("itself");
    }

    private sealed class Probe() : nn.Module<Tensor, Tensor>(nameof(Probe))
    {
        public int Calls { get; private set; }

        public override Tensor forward(Tensor input)
        {
            Calls++;
            return input.alias();
        }
    }
}
