namespace EtfNet;

/// <summary>Adds the layers of one monitor to another's: all, or none where they do not fit.</summary>
internal static class MonitorMerge
{
    public static void Merge(IReadOnlyDictionary<string, LayerState> target, IReadOnlyDictionary<string, LayerState> source, Action<string> add, string parameter)
    {
        foreach (var (name, state) in source)
        {
            if (!target.TryGetValue(name, out var own) || own.Current is not { Total: > 0 } mine
                || state.Current is not { Total: > 0 } theirs)
                continue;
            if (mine.Width != theirs.Width)
                throw new ArgumentException($"Layer '{name}' has width {theirs.Width} there and {mine.Width} here.", parameter);
            if (mine.TracksScatter != theirs.TracksScatter)
                throw new ArgumentException($"The scatter of layer '{name}' is kept by one monitor and not by the other: choose the same metrics.", parameter);
        }

        if (!target.Keys.Intersect(source.Keys).Any())
            throw new ArgumentException(
                $"The monitors have no layer in common: {string.Join(", ", source.Keys)} there, {string.Join(", ", target.Keys)} here.", parameter);

        foreach (var (name, state) in source)
        {
            if (!target.ContainsKey(name))
                add(name);
            target[name].Add(state);
        }
    }
}
