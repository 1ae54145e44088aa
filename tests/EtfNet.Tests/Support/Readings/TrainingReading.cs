using FluentAssertions;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>What a model and an optimizer hold, read in a form that tests compare.</summary>
internal static class TrainingReading
{
    /// <summary>Name and bytes of every tensor of a model's state.</summary>
    public static IReadOnlyList<string> Weights(nn.Module model)
    {
        using var scope = NewDisposeScope();
        return [.. model.state_dict().Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value.contiguous().bytes)}")];
    }

    /// <summary>The names of an optimizer's parameters, group by group, in order.</summary>
    public static IReadOnlyList<string> Names(OptimizerHelper optimizer, nn.Module model)
    {
        var names = model.named_parameters().ToDictionary(entry => entry.parameter.Handle, entry => entry.name);
        return [.. TorchSharpInternals.Groups(optimizer).SelectMany((group, index) => group.Parameters.Select(parameter =>
            $"{index}:{(parameter.IsInvalid ? "gone" : names.GetValueOrDefault(parameter.Handle, "?"))}"))];
    }

    /// <summary>Everything that an optimizer keeps, in order: options of groups, and states of their parameters.</summary>
    public static IReadOnlyList<string> State(OptimizerHelper optimizer)
    {
        return [.. TorchSharpInternals.Groups(optimizer).SelectMany(Of)];

        IEnumerable<string> Of(ParamGroup group) => group.Parameters.Select(parameter => OptimizerStates.Of(optimizer, parameter)!)
            .Select(state => StateBytes.Write(state.SaveStateDict)).Prepend(StateBytes.Write(group.Options.SaveStateDict))
            .Select(Convert.ToHexString);
    }

    /// <summary>Trains an epoch, and checks that every parameter of the model moved and that the optimizer knows all of its own.</summary>
    public static void RequireTraining(nn.Module<Tensor, Tensor> model, OptimizerHelper optimizer, Blobs data)
    {
        var before = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.data<float>().ToArray());
        TrainingLoop.Epoch(model, optimizer, data);
        foreach (var (name, parameter) in model.named_parameters())
            parameter.data<float>().ToArray().Should().NotEqual(before[name], "{0} is trained", name);
        optimizer.state_dict().State.Should().HaveCount(optimizer.parameters().Count());
    }
}
