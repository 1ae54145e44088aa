namespace EtfNet;

/// <summary>The second names of tied tensors: metadata entries that name the tensor, as safetensors' own libraries write them.</summary>
internal static class TensorAlias
{
    /// <summary>The tensor that a name stands for, directly or by way of others.</summary>
    /// <returns>The name of a tensor of the state; null where the name stands for none.</returns>
    /// <exception cref="EtfStateException">The names refer to each other in a circle.</exception>
    public static string? Resolve(StateSet state, string name)
    {
        var seen = new HashSet<string>();
        for (var at = name; ; at = state.Texts[at])
        {
            if (state.Tensors.ContainsKey(at))
                return at;
            if (!state.Texts.ContainsKey(at))
                return null;
            if (!seen.Add(at))
                throw state.Error(
                    name, "it is another name of a tensor, but the names refer to each other in a circle",
                    "The file is damaged: save it again.");
        }
    }
}
