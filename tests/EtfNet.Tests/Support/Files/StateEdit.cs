namespace EtfNet.Tests.Support;

/// <summary>Copies of a state with one entry changed.</summary>
internal static class StateEdit
{
    /// <summary>With a text or a tensor, in the place of what stood under the name.</summary>
    public static StateSet With(this StateSet state, string name, object? value)
    {
        var copy = new StateSet(state.Kind);
        foreach (var (key, tensor) in state.Tensors)
            if (key != name)
                copy.Add(key, tensor);
        foreach (var (key, text) in state.Texts)
            if (key != name)
                copy.Add(key, text);
        if (value is string words)
            copy.Add(name, words);
        else if (value is StateTensor numbers)
            copy.Add(name, numbers);
        return copy;
    }

    /// <summary>Without a tensor or a text.</summary>
    public static StateSet Without(this StateSet state, string name) => state.With(name, null);
}
