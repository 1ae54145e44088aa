using System.Globalization;
using TorchSharp.Modules;

namespace EtfNet.Tests.Support;

/// <summary>What a model and an optimizer hold, read in a form that tests compare.</summary>
internal static class TrainingReading
{
    /// <summary>Name and bytes of every tensor of a model's state.</summary>
    public static IReadOnlyList<string> Weights(TorchSharp.torch.nn.Module model)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        return [.. model.state_dict().Select(entry => $"{entry.Key} {Convert.ToHexString(entry.Value.contiguous().bytes)}")];
    }

    /// <summary>The names of an optimizer's parameters, group by group, in order.</summary>
    public static IReadOnlyList<string> Names(OptimizerHelper optimizer, TorchSharp.torch.nn.Module model)
    {
        var names = model.named_parameters().ToDictionary(entry => entry.parameter.Handle, entry => entry.name);
        return [.. TorchSharpInternals.Groups(optimizer).SelectMany((group, index) => group.Parameters.Select(parameter =>
            $"{index}:{(parameter.IsInvalid ? "gone" : names.GetValueOrDefault(parameter.Handle, "?"))}"))];
    }

    /// <summary>Everything that an optimizer keeps, state by state in the order of its parameters: numbers and bytes of tensors.</summary>
    public static IReadOnlyList<string> State(OptimizerHelper optimizer) =>
        [.. TorchSharpInternals.Groups(optimizer).SelectMany((group, index) => group.Parameters
            .Select(parameter => $"{index} " + Convert.ToHexString(StateBytes.Write(OptimizerStates.Of(optimizer, parameter)!.SaveStateDict)))
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"{index} {group.LearningRate} ") + Convert.ToHexString(StateBytes.Write(group.Options.SaveStateDict))))];
}
