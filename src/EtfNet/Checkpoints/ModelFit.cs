using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Compares saved weights with what a model will have once the plan's layers are fixed.</summary>
internal static class ModelFit
{
    private const string Remedy =
        "Build the model as it was built when the file was saved: its names and shapes are those of model.state_dict().";

    /// <returns>For every parameter and buffer of the model as it will be, what is to be filled in.</returns>
    /// <exception cref="EtfStateException">A tensor is missing, too many, or of another type or shape.</exception>
    public static IReadOnlyDictionary<string, HeldTensor> Require(
        torch.nn.Module model, EtfPlan plan, IReadOnlyList<LayerTarget> leaving, StateSet state)
    {
        var weights = new Dictionary<string, HeldTensor>();
        var used = new HashSet<string>();
        foreach (var (name, wanted) in Wanted(model, plan, leaving))
        {
            var here = $"{model.GetType().Name} has it as {wanted.Type} {StateTensor.Text(wanted.Shape)}";
            if (TensorAlias.Resolve(state, name) is not { } source)
            {
                if (!wanted.IsFurther)
                    throw state.Error(name, $"it is missing, and {here}", Remedy);
                continue;
            }

            var tensor = state.Tensors[source];
            if (!tensor.IsLike(wanted.Type, wanted.Shape))
                throw state.Error(
                    name, $"it is {tensor}, and {here}", tensor.Shape.SequenceEqual(wanted.Shape) ? OtherType(tensor, wanted.Type)
                        : Remedy);
            weights.Add(name, tensor.Hold());
            used.Add(source);
        }

        if (state.Tensors.Keys.FirstOrDefault(name => !used.Contains(name)) is { } unknown)
            throw state.Error(unknown, $"{model.GetType().Name} has no such parameter or buffer", Remedy);
        RequireFrames(model, plan, weights, state);
        RequireTied(model, weights, state);
        return weights;
    }

    private static string OtherType(StateTensor tensor, TensorType wanted) => tensor.Type.Torch is { } dtype
        ? $"Convert the model with model.to(ScalarType.{dtype}) before loading, or save the weights as {wanted}."
        : $"Save the weights as {wanted}.";

    /// <summary>Names, types and shapes as they will be.</summary>
    private static Dictionary<string, WantedTensor> Wanted(torch.nn.Module model, EtfPlan plan, IReadOnlyList<LayerTarget> leaving)
    {
        var wanted = ModelNames.Of(model).ToDictionary(
            entry => entry.Name, entry => new WantedTensor(TensorType.Of(entry.Tensor.dtype), entry.Tensor.shape, entry.IsFurther));
        var planned = plan.Layers.ToDictionary(layer => layer.Name);
        var replaced = new Dictionary<torch.nn.Module, LayerTarget>(ReferenceEqualityComparer.Instance);
        foreach (var target in leaving.Where(target => !planned[target.Name].InPlace))
            replaced.Add(target.Fixable.Module, target);

        var seen = new HashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance);
        foreach (var (path, module) in ModelNames.Places(model, ""))
        {
            if (!replaced.TryGetValue(module, out var target))
                continue;
            var isFurther = !seen.Add(module);
            wanted.Remove(EntryName.Join(path, "weight"));
            foreach (var (name, (dtype, shape)) in target.Fixable.FixedState(planned[target.Name].Header, target.Fixable.Weight.dtype))
                wanted[EntryName.Join(path, name)] = new WantedTensor(TensorType.Of(dtype), shape, isFurther);
        }

        return wanted;
    }

    /// <summary>The frames in the tensors must be the plan's: a layer takes no other.</summary>
    private static void RequireFrames(torch.nn.Module model, EtfPlan plan, Dictionary<string, HeldTensor> weights, StateSet state)
    {
        const string Again = "Save the model again.";
        var modules = ModuleTree.Walk(model).ToDictionary(node => node.Path, node => node.Module);
        foreach (var layer in plan.Layers.Where(layer => !layer.InPlace))
        {
            var name = EntryName.Join(layer.Name, SimplexEtfLayer.FrameName);
            var numbers = (long[])weights[name].ToArray();
            var header = SimplexEtfHeader.FromNumbers(numbers);
            if (header.Problem() is { } problem)
                throw state.Error(name, $"it is no frame: {problem}", Again);
            if (header.Signature != layer.Header.Signature || !numbers.AsSpan(SimplexEtfHeader.NumberCount).SequenceEqual(layer.Patch?.ToNumbers() ?? []))
                throw state.Error(name, $"it is the frame {header.Signature}, and the file's plan says {layer.Signature}", Again);
            if (FixableLayer.Of(modules[layer.Name]) is { Weight.dtype: var dtype }
                && header.Scale > SimplexEtfLayer.LargestScale(header.Shape, dtype))
                throw state.Error(name, $"its scale {header.Scale:g3} is too large for {dtype}", "Convert the model to a wider type.");
        }
    }

    /// <summary>Parameters that are one in the model must be one in the file: the last would win otherwise.</summary>
    private static void RequireTied(torch.nn.Module model, Dictionary<string, HeldTensor> weights, StateSet state)
    {
        var first = new Dictionary<TensorPlace, string>();
        foreach (var (name, tensor, _) in ModelNames.Of(model))
        {
            if (!weights.TryGetValue(name, out var weight) || TensorPlace.Of(tensor) is not { } place || first.TryAdd(place, name))
                continue;
            if (!weight.HasSameBytes(weights[first[place]]))
                throw state.Error(
                    name, $"its values differ from those of {EntryName.Quote(first[place])}, which {model.GetType().Name} has tied to it",
                    "Load into a model that does not tie them, or give both the same values in the file.");
        }
    }

    private readonly record struct WantedTensor(TensorType Type, IReadOnlyList<long> Shape, bool IsFurther);
}
