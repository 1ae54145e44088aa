using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>An optimizer's options and state as bytes, state by the name of the parameter.</summary>
/// <param name="Type">The optimizer's type name.</param>
/// <param name="Groups">The groups in order: options, and for each parameter its name and state.</param>
internal sealed record OptimizerMemory(string Type, IReadOnlyList<OptimizerGroupMemory> Groups)
{
    public static OptimizerMemory Capture(OptimizerHelper optimizer, IReadOnlyDictionary<IntPtr, string> names) => new(optimizer.GetType().Name,
        [.. TorchSharpInternals.Groups(optimizer).Select((group, index) => new OptimizerGroupMemory(
            Bytes(group.Options.SaveStateDict),
            [.. Named(group, index, names).Select(one => (one.Name, Bytes(TorchSharpInternals.State(optimizer)[one.Parameter.Handle].SaveStateDict)))]))]);

    /// <summary>Why this cannot be put into an optimizer whose groups will hold parameters of these names; null where it can.</summary>
    public string? Mismatch(OptimizerHelper optimizer, IReadOnlyList<IReadOnlyList<string>> names)
    {
        if (optimizer.GetType().Name != Type)
            return $"the optimizer is {optimizer.GetType().Name}, the saved one was {Type}";
        if (names.Count != Groups.Count)
            return $"the optimizer has {names.Count} parameter groups, the saved one had {Groups.Count}";
        for (var i = 0; i < names.Count; i++)
        {
            var missing = Groups[i].States.Select(state => state.Name).Except(names[i]).FirstOrDefault();
            if (missing is not null)
                return $"group {i} of the optimizer lacks the parameter '{missing}'";
            var extra = names[i].Except(Groups[i].States.Select(state => state.Name)).FirstOrDefault();
            if (extra is not null)
                return $"group {i} of the optimizer has the parameter '{extra}', for which nothing was saved";
        }

        return null;
    }

    public void Restore(OptimizerHelper optimizer, IReadOnlyDictionary<IntPtr, string> names)
    {
        var groups = TorchSharpInternals.Groups(optimizer);
        for (var i = 0; i < groups.Count; i++)
        {
            Read(Groups[i].Options, groups[i].Options.LoadStateDict);
            var states = Groups[i].States.ToDictionary(state => state.Name, state => state.State);
            foreach (var (parameter, name) in Named(groups[i], i, names).ToList())
            {
                var state = TorchSharpInternals.State(optimizer)[parameter.Handle];
                Read(states[name], state.LoadStateDict);
                foreach (var tensor in OptimizerStateTensors.Of(state))
                    tensor.DetachFromDisposeScope();
            }
        }
    }

    /// <summary>The names of an optimizer's parameters, group by group, as they will be.</summary>
    /// <param name="optimizer">The optimizer as it is.</param>
    /// <param name="names">The names of the model's parameters.</param>
    /// <param name="back">The layers whose weights will come back to it.</param>
    /// <param name="gone">The parameters that will leave it then.</param>
    public static IReadOnlyList<IReadOnlyList<string>> NamesAfter(
        OptimizerHelper optimizer, IReadOnlyDictionary<IntPtr, string> names, IEnumerable<LayerFix> back, IReadOnlySet<IntPtr> gone) =>
        [.. TorchSharpInternals.Groups(optimizer).Select((group, index) =>
        {
            var after = group.Parameters.Select(parameter => (parameter.Handle, Name: names.GetValueOrDefault(parameter.Handle))).ToList();
            foreach (var (entry, path) in back.SelectMany(fix => fix.Detached.Reverse(), (fix, entry) => (entry, fix.Name)).Where(one => ReferenceEquals(one.entry.Group, group)))
                after.Insert(Math.Min(entry.Index, after.Count), (IntPtr.Zero, path.Length == 0 ? "weight" : path + ".weight"));
            return (IReadOnlyList<string>)[.. after.Where(one => !gone.Contains(one.Handle)).Select((one, place) => one.Name ?? Unnamed(index, place))];
        })];

    /// <summary>The parameters of a group with their names in the model.</summary>
    private static IEnumerable<(Parameter Parameter, string Name)> Named(ParamGroup group, int index, IReadOnlyDictionary<IntPtr, string> names) =>
        group.Parameters.Select((parameter, place) => (parameter, names.GetValueOrDefault(parameter.Handle) ?? Unnamed(index, place)));

    /// <summary>What stands for the name of a parameter that is none of the model's.</summary>
    private static string Unnamed(int group, int place) => $"#{group}.{place}";

    private static byte[] Bytes(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static void Read(byte[] bytes, Action<BinaryReader> read)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        read(reader);
    }
}

/// <summary>One group of parameters.</summary>
internal sealed record OptimizerGroupMemory(byte[] Options, IReadOnlyList<(string Name, byte[] State)> States);
