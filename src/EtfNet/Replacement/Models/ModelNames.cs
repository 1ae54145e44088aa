using TorchSharp;

namespace EtfNet;

/// <summary>A model's parameters and buffers under all of their names.</summary>
internal static class ModelNames
{
    /// <summary>
    /// Every parameter and persistent buffer by name: those of <c>state_dict()</c> first, and then the further names of modules that stand
    /// in the model more than once, which TorchSharp leaves out and PyTorch lists.
    /// </summary>
    /// <returns>Name, tensor, and whether it is a further name.</returns>
    public static IReadOnlyList<(string Name, torch.Tensor Tensor, bool IsFurther)> Of(torch.nn.Module model)
    {
        var names = model.state_dict().Select(entry => (entry.Key, entry.Value, false)).ToList();
        var known = names.Select(entry => entry.Key).ToHashSet();
        foreach (var (path, module) in Places(model, ""))
            foreach (var (name, tensor) in Own(module))
                if (known.Add(EntryName.Join(path, name)))
                    names.Add((EntryName.Join(path, name), tensor, true));
        return names;
    }

    /// <summary>Every module under every name that it has.</summary>
    public static IEnumerable<(string Path, torch.nn.Module Module)> Places(torch.nn.Module module, string path) =>
        module.named_children()
            .Where(child => child.module is not null)
            .SelectMany(child => Places(child.module, EntryName.Join(path, child.name)))
            .Prepend((path, module));

    /// <summary>Adds all of them to a state, live: tied ones once, the others' names as texts that hold the first one's name, as
    /// safetensors' own libraries write them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="to">Takes them.</param>
    /// <param name="prefix">What all names begin with.</param>
    public static void Capture(torch.nn.Module model, StateSet to, string prefix)
    {
        var first = new Dictionary<TensorPlace, string>();
        foreach (var (name, tensor, _) in Of(model))
            if (EntryName.Join(prefix, name) is var full && TensorPlace.Of(tensor) is { } place && !first.TryAdd(place, full))
                to.Add(full, first[place]);
            else
                to.Add(full, new LiveTensor(tensor));
    }

    private static IEnumerable<(string Name, torch.Tensor Tensor)> Own(torch.nn.Module module) =>
        module.named_parameters(recurse: false).Select(entry => (entry.name, (torch.Tensor)entry.parameter))
            .Concat(module.named_buffers(recurse: false, include_nonpersistent: false).Select(entry => (entry.name, entry.buffer)));
}
