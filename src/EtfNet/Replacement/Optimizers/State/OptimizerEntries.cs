using System.Text.Json;

namespace EtfNet;

/// <summary>The entries of an optimizer in a state: their names, and whether they are those of the optimizer that is there.</summary>
internal static class OptimizerEntries
{
    private const string Remedy =
        "Make the optimizer as it was when the state was saved: of its kind, with the same parameters in the same groups.";

    /// <summary>The entry of the optimizer's type.</summary>
    public static string Type(string name) => $"{name}.type";

    /// <summary>What the entries of a group begin with.</summary>
    public static string Group(string name, int index) => FormattableString.Invariant($"{name}.group.{index}");

    /// <summary>The entry of the names of a group's parameters.</summary>
    public static string Parameters(string name, int index) => $"{Group(name, index)}.parameters";

    /// <summary>What the entries of a parameter's state begin with.</summary>
    public static string Own(string name, string parameter) => $"{name}.state.{parameter}";

    /// <exception cref="EtfStateException">A state has no optimizer of the name, or one of another type.</exception>
    public static void RequireType(StateReader from, string name, string type)
    {
        var saved = from.FindText(Type(name)) ?? throw from.Missing(Type(name));
        if (saved != type)
            throw Mismatch(from, Type(name), $"it is {EntryName.Quote(saved)}, but the optimizer is {type}");
    }

    /// <exception cref="EtfStateException">A state has another number of groups.</exception>
    public static void RequireGroups(StateReader from, string name, int count)
    {
        var saved = 0;
        while (from.FindText(Parameters(name, saved)) is not null)
            saved++;
        if (saved != count)
            throw Mismatch(
                from, $"{name}.group", $"the optimizer has {Words.Count(count, "parameter group")}; in the state it has {saved}");
    }

    /// <exception cref="EtfStateException">A group has other parameters in the state than in the optimizer.</exception>
    public static void RequireNames(StateReader from, string entry, List<string> saved, IReadOnlyCollection<string> wanted)
    {
        if (saved.Except(wanted).FirstOrDefault() is { } missing)
            throw Mismatch(
                from, entry, $"the parameter {EntryName.Quote(missing)} was saved, but is not in this group of the optimizer");
        if (wanted.Except(saved).FirstOrDefault() is { } extra)
            throw Mismatch(from, entry, $"the parameter {EntryName.Quote(extra)} is in this group of the optimizer, but was not saved");
    }

    private static EtfStateException Mismatch(StateReader from, string entry, string problem) => from.State.Error(entry, problem, Remedy);

    /// <summary>The names of a group's parameters in a state.</summary>
    /// <exception cref="EtfStateException">The entry is no list of names.</exception>
    public static List<string> Names(StateReader from, string entry)
    {
        try
        {
            return JsonSerializer.Deserialize(from.FindText(entry)!, NamesJson.Readable) is { } names && !names.Contains(null!)
                ? names
                : throw from.Wrong(entry, "it is not a list of names");
        }
        catch (JsonException exception)
        {
            throw from.Wrong(entry, "it is not a JSON list of names", exception);
        }
    }
}
