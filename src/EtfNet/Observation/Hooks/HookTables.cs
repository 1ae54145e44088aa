using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The hook tables of a module, whatever its inputs and result: those that see and may change tensors, and those that only see the module.
/// </summary>
/// <remarks>
/// TorchSharp keeps them in dictionaries and runs them in the order of the entries. They are protected members, part of what a derived
/// class may use.
/// </remarks>
internal sealed class HookTables
{
    private static readonly ConcurrentDictionary<Type, Fields?> Known = new();

    private readonly nn.Module _module;
    private readonly Fields _fields;

    private HookTables(nn.Module module, Fields fields) => (_module, _fields) = (module, fields);

    /// <summary>Hooks before the forward that get its inputs and may give others.</summary>
    public IDictionary Pre { get => Get(_fields.Pre); set => _fields.Pre.SetValue(_module, value); }

    /// <summary>Hooks after the forward that get its inputs and its result and may give another.</summary>
    public IDictionary Post { get => Get(_fields.Post); set => _fields.Post.SetValue(_module, value); }

    /// <summary>Hooks before all others, which get the module alone.</summary>
    public IDictionary ModulePre { get => Get(_fields.ModulePre); set => _fields.ModulePre.SetValue(_module, value); }

    /// <summary>Hooks after all others, which get the module alone.</summary>
    public IDictionary ModulePost { get => Get(_fields.ModulePost); set => _fields.ModulePost.SetValue(_module, value); }

    public static HookTables? Of(nn.Module module) =>
        Known.GetOrAdd(module.GetType(), Find) is { } fields ? new HookTables(module, fields) : null;

    /// <summary>Moves a hook that is in a table to its front.</summary>
    public static void MoveToFront(IDictionary table, Delegate hook) =>
        Reorder(table, entries => entries.OrderBy(entry => ReferenceEquals(entry.Value, hook) ? 0 : 1));

    /// <summary>Moves a hook that is in a table to its end.</summary>
    public static void MoveToEnd(IDictionary table, Delegate hook) =>
        Reorder(table, entries => entries.OrderBy(entry => ReferenceEquals(entry.Value, hook) ? 1 : 0));

    /// <summary>An empty table of the same kind.</summary>
    public static IDictionary Like(IDictionary table) => (IDictionary)Activator.CreateInstance(table.GetType())!;

    public static List<DictionaryEntry> Entries(IDictionary table)
    {
        var entries = new List<DictionaryEntry>(table.Count);
        foreach (DictionaryEntry entry in table)
            entries.Add(entry);
        return entries;
    }

    /// <summary>Whether a hook is EtfNet's own.</summary>
    public static bool IsOwn(object? hook) =>
        hook is Delegate { Method.DeclaringType.Assembly: var assembly } && assembly == typeof(HookTables).Assembly;

    // An entry that is taken out of a dictionary and put in again lands in the gap it left: only a table that was emptied takes an order.
    private static void Reorder(IDictionary table, Func<List<DictionaryEntry>, IEnumerable<DictionaryEntry>> order)
    {
        var entries = order(Entries(table)).ToList();
        table.Clear();
        foreach (var entry in entries)
            table.Add(entry.Key, entry.Value);
    }

    private IDictionary Get(FieldInfo field) => (IDictionary)field.GetValue(_module)!;

    private static Fields? Find(Type type)
    {
        while (type.BaseType is { } parent && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(nn.HookableModule<,>)))
            type = parent;
        return type.IsGenericType
            ? new Fields(Field("pre_hooks"), Field("post_hooks"), Field("module_pre_hooks"), Field("module_post_hooks"))
            : null;

        FieldInfo Field(string name) => type.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)
            ?? throw new MissingFieldException(type.Name, name);
    }

    private sealed record Fields(FieldInfo Pre, FieldInfo Post, FieldInfo ModulePre, FieldInfo ModulePost);
}
