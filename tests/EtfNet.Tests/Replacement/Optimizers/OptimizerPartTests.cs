using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement.Optimizers;

public sealed class OptimizerPartTests
{
    /// <summary>Every managed optimizer of TorchSharp, with and without what its options add to its state.</summary>
    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> s_optimizers = new()
    {
        ["SGD"] = parameters => optim.SGD(parameters, 0.02),
        ["SGD momentum"] = parameters => optim.SGD(parameters, 0.02, momentum: 0.9, weight_decay: 5e-4, nesterov: true),
        ["Adam"] = parameters => optim.Adam(parameters, 0.005),
        ["Adam amsgrad"] = parameters => optim.Adam(parameters, 0.005, amsgrad: true, weight_decay: 0.1),
        ["AdamW"] = parameters => optim.AdamW(parameters, 0.005, amsgrad: true),
        ["RMSProp"] = parameters => optim.RMSProp(parameters, 0.002),
        ["RMSProp centered"] = parameters => optim.RMSProp(parameters, 0.002, momentum: 0.9, centered: true),
        ["Adagrad"] = parameters => optim.Adagrad(parameters, 0.02, initial_accumulator_value: 0.1),
        ["ASGD"] = parameters => optim.ASGD(parameters, 0.05),
        ["Adadelta"] = parameters => optim.Adadelta(parameters, 1.0),
        ["Adamax"] = parameters => optim.Adamax(parameters, 0.005),
        ["NAdam"] = parameters => optim.NAdam(parameters, 0.005),
        ["RAdam"] = parameters => optim.RAdam(parameters, 0.02),
        ["Rprop"] = parameters => optim.Rprop(parameters, 0.002),
    };

    public static TheoryData<string> All => [.. s_optimizers.Keys];

    [Fact]
    public void Tests_CoverEveryManagedOptimizer() =>
        s_optimizers.Keys.Select(name => name.Split(' ')[0]).Distinct().Should().BeEquivalentTo(
            typeof(OptimizerHelper).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(OptimizerHelper)) && !type.IsAbstract)
                .Select(type => type.Name));

    [Theory]
    [MemberData(nameof(All))]
    public void SaveAndRestore_IntoAFreshOptimizer_IsEqualBitByBitAndContinuesEqually(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = s_optimizers[name](model.parameters());
        Step(model, optimizer, 3);
        ((OptimizerHelper)optimizer).ParamGroups.First().LearningRate = 0.003;
        var saved = SafetensorsBytes.Read(SafetensorsBytes.Write(Capture(model, optimizer)));
        saved.Texts["optimizer.0.type"].Should().Be(name.Split(' ')[0]);
        saved.Texts["optimizer.0.group.0.learning_rate"].Should().Be("0.003");

        using var other = Model();
        other.load_state_dict(model.state_dict());
        using var fresh = s_optimizers[name](other.parameters());
        Restore(other, fresh, saved);
        Bytes(fresh).Should().Equal(Bytes(optimizer));
        Bytes(optimizer).Length.Should().BeGreaterThan(50);
        Step(model, optimizer, 2);
        Step(other, fresh, 2);
        ModelBytes.Of(other).Should().Equal(ModelBytes.Of(model));

        // Into one that has gone on, too: state that was not there then is gone again.
        Restore(model, optimizer, saved);
        Restore(other, fresh, saved);
        Bytes(optimizer).Should().Equal(Bytes(fresh));
    }

    [Fact]
    public void Save_Adam_HasTensorsUnderTheParametersNames()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = optim.Adam(model.parameters());
        Step(model, optimizer, 1);
        var state = Capture(model, optimizer);
        state.Tensors.Keys.Should().Contain("optimizer.0.state.fc.weight.exp_avg").And.Contain("optimizer.0.state.fc.weight.exp_avg_sq")
            .And.HaveCount(8);
        state.Texts["optimizer.0.state.fc.weight.step"].Should().Be("1");
        state.Texts["optimizer.0.state.fc.weight.max_exp_avg_sq"].Should().Be("null");
        state.Texts["optimizer.0.group.0.parameters"].Should().Be("""["fc.weight","fc.bias","head.weight","head.bias"]""");
        state.Texts["optimizer.0.group.0.beta1"].Should().Be("0.9");
    }

    [Fact]
    public void SaveAndRestore_TwoGroups_KeepsTheirOptions()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = TwoGroups(model, 0.1);
        Step(model, optimizer, 2);
        var saved = Capture(model, optimizer).Hold();
        using var fresh = TwoGroups(model, 0.7);
        Restore(model, fresh, saved);
        Bytes(fresh).Should().Equal(Bytes(optimizer));

        static optim.Optimizer TwoGroups(nn.Module model, double rate) => optim.AdamW([
            new AdamW.ParamGroup(model.parameters().Take(2), rate), new AdamW.ParamGroup(model.parameters().Skip(2), rate * 2, beta1: 0.5)],
                0.01);
    }

    /// <summary>Each group has a parameter that is not the model's: neither takes the other's state.</summary>
    [Fact]
    public void SaveAndRestore_ForeignParametersInTwoGroups_KeepTheirOwnState()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = TwoGroups();
        foreach (var (group, rate) in TorchSharpInternals.Groups(optimizer).Zip(new[] { 1.0f, 5.0f }))
            foreach (var parameter in group.Parameters)
                parameter.grad = full_like(parameter, rate);
        optimizer.step();
        var saved = Capture(model, optimizer).Hold();
        saved.Texts["optimizer.0.group.1.parameters"].Should().Be("""["head.weight","head.bias","#1.0"]""");
        using var fresh = TwoGroups();
        Restore(model, fresh, saved);
        Bytes(fresh).Should().Equal(Bytes(optimizer));

        OptimizerHelper TwoGroups() => (OptimizerHelper)optim.Adam(
        [
            new Adam.ParamGroup([.. model.parameters().Take(2), new Parameter(ones(3))]),
            new Adam.ParamGroup([.. model.parameters().Skip(2), new Parameter(ones(3))]),
        ]);
    }

    [Fact]
    public void Restore_WhatDoesNotFit_NamesItAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = optim.Adam(model.parameters(), amsgrad: true);
        Step(model, optimizer, 2);
        var saved = Capture(model, optimizer).Hold();

        Refused(model, optim.AdamW(model.parameters()), saved, "*'optimizer.0.type'*'Adam'*AdamW*of its kind*");
        Refused(model, optim.Adam(model.parameters().Take(3)), saved, "*'optimizer.0.group.0.parameters'*'head.bias' was saved*");
        Refused(model, optim.Adam([new Adam.ParamGroup(model.parameters().Take(2)), new Adam.ParamGroup(model.parameters().Skip(2))]),
            saved, "*'optimizer.0.group'*2 parameter groups*1*");
        using var wide = nn.Sequential(("fc", nn.Linear(6, 9)), ("act", nn.ReLU()), ("head", nn.Linear(9, 4)));
        Refused(wide, optim.Adam(wide.parameters()), saved, "*'optimizer.0.state.fc.weight.exp_avg'*F32 (5, 6)*F32 (9, 6)*");
        // This one has no such tensor yet, so its parameter says what it must be.
        using var momentum = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        Step(model, momentum, 1);
        Refused(wide, optim.SGD(wide.parameters(), 0.1), Capture(model, momentum).Hold(),
            "*'optimizer.0.state.fc.weight.momentum_buffer'*F32 (5, 6)*F32 (9, 6)*");

        Refused(model, optim.Adam(model.parameters()), saved.With("optimizer.0.state.fc.weight.step", "x"),
            "*'optimizer.0.state.fc.weight.step'*'x'*");
        Refused(model, optim.Adam(model.parameters()), saved.With("optimizer.0.state.fc.weight.step", "null"),
            "*'optimizer.0.state.fc.weight.step'*'null'*");
        Refused(model, optim.Adam(model.parameters()), saved.Without("optimizer.0.state.fc.weight.step"),
            "*'optimizer.0.state.fc.weight.step'*missing*");
        Refused(model, optim.Adam(model.parameters()), saved.Without("optimizer.0.state.fc.weight.exp_avg"),
            "*'optimizer.0.state.fc.weight.exp_avg'*missing*");
        Refused(model, optim.Adam(model.parameters()), saved.With("optimizer.0.group.0.parameters", "[null]"),
            "*'optimizer.0.group.0.parameters'*not a list*");
        Refused(model, optim.Adam(model.parameters()), saved.With("optimizer.0.group.0.parameters", "{"),
            "*'optimizer.0.group.0.parameters'*not a JSON list*");
        Refused(model, optim.Adam(model.parameters()), saved.With("optimizer.0.group.0.beta1", "yes"),
            "*'optimizer.0.group.0.beta1'*'yes'*");

        static void Refused(nn.Module model, optim.Optimizer optimizer, StateSet saved, string message)
        {
            using (optimizer)
            {
                var before = Bytes(optimizer);
                FluentActions.Invoking(() => Restore(model, optimizer, saved)).Should().Throw<EtfStateException>().WithMessage(message);
                Bytes(optimizer).Should().Equal(before);
            }
        }
    }

    [Fact]
    public void SaveAndRestore_OptimizerOfAUsersOwn_TakesItsFields()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var optimizer = new OwnOptimizer(model.parameters());
        optimizer.Of(model.parameters().First()).Mean = tensor(3f).DetachFromDisposeScope();
        optimizer.Of(model.parameters().First()).Mode = OwnOptimizer.Mode.Fast;
        using var fresh = new OwnOptimizer(model.parameters());
        Restore(model, fresh, Capture(model, optimizer).Hold());
        fresh.Of(model.parameters().First()).Mean!.item<float>().Should().Be(3, "its tensors need not be like the parameter");
        fresh.Of(model.parameters().First()).Mode.Should().Be(OwnOptimizer.Mode.Fast);
        FluentActions.Invoking(() => OptimizerField.Of(typeof(Odd))).Should().Throw<NotSupportedException>().WithMessage("*Odd*List*");
    }

    [Fact]
    public void Restore_LeavesNoTensorsBehind()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9);
        StateSet saved, empty;
        using (NewDisposeScope())
        {
            empty = Capture(model, optimizer).Hold();
            Step(model, optimizer, 1);
            saved = Capture(model, optimizer).Hold();
            optimizer.zero_grad();
        }

        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++)
        {
            Restore(model, optimizer, empty);
            (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - before)
                .Should().Be(-4, "the momentum of four parameters is gone");
            Restore(model, optimizer, saved);
            DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
        }
    }

    private static nn.Module<Tensor, Tensor> Model()
    {
        manual_seed(1);
        return nn.Sequential(("fc", nn.Linear(6, 5)), ("act", nn.ReLU()), ("head", nn.Linear(5, 4)));
    }

    private static void Step(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(Sample.Normal(i, 8, 6).to(ScalarType.Float32)),
                tensor(new long[] { 0, 1, 2, 3, 0, 1, 2, 3 })).backward();
            optimizer.step();
        }
    }

    private static StateSet Capture(nn.Module model, optim.Optimizer optimizer)
    {
        var state = new StateSet("optimizer");
        Part(model, optimizer).Capture(state, "optimizer.0");
        return state;
    }

    private static void Restore(nn.Module model, optim.Optimizer optimizer, StateSet saved)
    {
        var reader = new StateReader(saved);
        Part(model, optimizer).Read(reader, "optimizer.0");
        reader.Finish();
    }

    private static OptimizerPart Part(nn.Module model, optim.Optimizer optimizer) =>
        new((OptimizerHelper)optimizer, () => new ParameterNames(model, []).Of((OptimizerHelper)optimizer));

    /// <summary>What TorchSharp itself would save.</summary>
    private static byte[] Bytes(optim.Optimizer optimizer)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        ((OptimizerHelper)optimizer).save_state_dict(writer);
        return stream.ToArray();
    }

    private sealed class Odd
    {
        public List<int> Numbers { get; set; } = [];
    }
}
