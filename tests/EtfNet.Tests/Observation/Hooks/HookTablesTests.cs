using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Hooks;

public sealed class HookTablesTests
{
    [Fact]
    public void MoveToFrontAndEnd_AfterRemovals_OrderIsThatOfTheCalls()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(2, 2);
        var called = new List<int>();
        var hooks = Enumerable.Range(0, 4).Select<int, Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>(i => (_, _, _) =>
        {
            called.Add(i);
            return null!;
        }).ToArray();
        var removers = hooks.Select(layer.register_forward_hook).ToArray();
        removers[1].remove();
        var table = HookTables.Of(layer)!.Post;
        HookTables.MoveToFront(table, hooks[3]);
        HookTables.MoveToEnd(table, hooks[0]);
        layer.call(randn(1, 2));
        called.Should().Equal(3, 2, 0);
        removers[3].remove();
        layer.call(randn(1, 2));
        called.Should().Equal(3, 2, 0, 2, 0);
    }

    [Fact]
    public void IsOwn_HooksOfTheUser_AreNot()
    {
        using var layer = nn.Linear(2, 2);
        using var monitor = new NccMonitor(layer);
        layer.register_forward_hook((_, _, _) => null!);
        HookTables.Of(layer)!.Post.Values.Cast<object>().Select(HookTables.IsOwn).Should().Equal(true, false);
        HookTables.Of(layer)!.Pre.Values.Cast<object>().Select(HookTables.IsOwn).Should().Equal(true);
    }

    [Fact]
    public void Of_ModuleWithoutHooks_IsNull()
    {
        using var module = new Bare();
        HookTables.Of(module).Should().BeNull();
    }

    [Fact]
    public void BinderOnModulesOfOneToSixInputs_SeesThemAndTheResult()
    {
        using var scope = NewDisposeScope();
        var x = Enumerable.Range(0, 6).Select(i => full(1, (float)i)).ToArray();
        using var three = new Three();
        using var six = new Six();
        Check(three, 3, () => three.call(x[0], x[1], x[2]));
        Check(six, 6, () => six.call(x[0], x[1], x[2], x[3], x[4], x[5]));

        void Check(nn.Module module, int count, Func<(Tensor, Tensor)> call)
        {
            object?[] inputs = [];
            object? result = null;
            var before = HookBinder.Before(module, given => inputs = given)!;
            var after = HookBinder.After(module, (first, value) => (result, inputs[0]) = (value, first))!;
            var (a, b) = call();
            inputs.Should().Equal(x.Take(count));
            TensorsOf.All(result).Should().Equal(a, b);
            a.item<float>().Should().Be(count * (count - 1) / 2f, "the hooks change nothing");
            (before.IsThere, after.IsThere).Should().Be((true, true));
            before.Remove();
            after.Remove();
            (before.IsThere, after.IsThere).Should().Be((false, false));
        }
    }

    private sealed class Bare() : nn.Module(nameof(Bare));

    private sealed class Three() : nn.Module<Tensor, Tensor, Tensor, (Tensor, Tensor)>(nameof(Three))
    {
        public override (Tensor, Tensor) forward(Tensor input1, Tensor input2, Tensor input3) => (input1 + input2 + input3, input1);
    }

    private sealed class Six() : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, (Tensor, Tensor)>(nameof(Six))
    {
        public override (Tensor, Tensor) forward(
            Tensor input1, Tensor input2, Tensor input3, Tensor input4, Tensor input5, Tensor input6) =>
            (input1 + input2 + input3 + input4 + input5 + input6, input6);
    }
}
