using System.Collections;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Tells hooks that change what passes through a module from those that only look on, so that a replay can do without the latter.
/// </summary>
/// <remarks>
/// <para>A hook that scales an output or adds a low-rank term is part of what the network computes, and a replay must run it. A hook that
/// counts or records must not see the replay. Which is which shows in the training forwards: on modules with hooks of the user's, a hook
/// before all of them and one after compare the tensors. They are put there when the observer is made, and, for hooks that came later, at
/// the next replay, which runs what it does not know yet.</para>
/// <para>Hooks that get the module alone cannot change a tensor that passes: replays leave them out.</para>
/// </remarks>
internal sealed class UserHooks : IDisposable
{
    private readonly nn.Module _model;
    private readonly Dictionary<nn.Module, ComparedModule> _watched = new(ReferenceEqualityComparer.Instance);

    public UserHooks(nn.Module model)
    {
        _model = model;
        foreach (var node in ModuleTree.Walk(model))
            Watch(node.Module);
    }

    /// <summary>Takes the hooks that only look on out of the tables until the result is disposed.</summary>
    /// <param name="outer">
    /// Hooks of EtfNet's that belong outside the user's: before them on the way in, after them on the way out. Its others run next to the
    /// module's own function.
    /// </param>
    public IDisposable HideThoseThatOnlyLook(IReadOnlyCollection<Delegate?> outer)
    {
        var hidden = new Hidden();
        foreach (var module in ModuleTree.Walk(_model).Select(node => node.Module))
        {
            if (HookTables.Of(module) is not { } tables || !HasUsers(tables))
                continue;
            var watched = Watch(module);
            hidden.Replace(
                () => tables.ModulePre, table => tables.ModulePre = table,
                entries => entries.Where(entry => HookTables.IsOwn(entry.Value)));
            hidden.Replace(
                () => tables.ModulePost, table => tables.ModulePost = table,
                entries => entries.Where(entry => HookTables.IsOwn(entry.Value)));
            hidden.Replace(() => tables.Pre, table => tables.Pre = table, entries =>
                [.. Own(entries, true), .. Changing(entries, watched?.Before), .. Own(entries, false)]);
            hidden.Replace(() => tables.Post, table => tables.Post = table, entries =>
                [.. Own(entries, false), .. Changing(entries, watched?.After), .. Own(entries, true)]);
        }

        return hidden;

        IEnumerable<DictionaryEntry> Own(List<DictionaryEntry> entries, bool outside) => entries.Where(entry =>
            HookTables.IsOwn(entry.Value) && !IsComparison(entry.Value!) && outer.Contains((Delegate)entry.Value!) == outside);

        static IEnumerable<DictionaryEntry> Changing(List<DictionaryEntry> entries, HookComparison? comparison) =>
            entries.Where(entry => !HookTables.IsOwn(entry.Value) && comparison?.MayChange(entry.Value!) != false);
    }

    public void Dispose()
    {
        foreach (var watched in _watched.Values)
            watched.Remove();
        _watched.Clear();
    }

    private bool IsComparison(object hook) => _watched.Values.Any(watched => watched.Has(hook));

    private static bool HasUsers(HookTables tables) =>
        new[] { tables.Pre, tables.Post, tables.ModulePre, tables.ModulePost }.Any(
            table => table.Values.Cast<object>().Any(hook => !HookTables.IsOwn(hook)));

    /// <summary>Puts the comparing hooks around those of the user, those that came since included.</summary>
    private ComparedModule? Watch(nn.Module module)
    {
        if (HookTables.Of(module) is not { } tables)
            return null;
        var (before, after) = (Users(tables.Pre), Users(tables.Post));
        if (before.Count + after.Count == 0)
            return _watched.GetValueOrDefault(module);
        if (!_watched.TryGetValue(module, out var watched))
            _watched[module] = watched = new ComparedModule(module);
        watched.Surround(before, after);
        return watched;
    }

    private static HashSet<object> Users(IDictionary table) =>
        table.Values.Cast<object>().Where(hook => !HookTables.IsOwn(hook)).ToHashSet<object>(ReferenceEqualityComparer.Instance);

    /// <summary>Tables exchanged for shorter ones, and put back.</summary>
    private sealed class Hidden : IDisposable
    {
        private readonly List<Action> _back = [];

        public void Replace(
            Func<IDictionary> table, Action<IDictionary> put, Func<List<DictionaryEntry>, IEnumerable<DictionaryEntry>> keep)
        {
            var whole = table();
            if (whole.Count == 0)
                return;
            var part = HookTables.Like(whole);
            foreach (var entry in keep(HookTables.Entries(whole)))
                part.Add(entry.Key, entry.Value);
            put(part);
            _back.Add(() => put(whole));
        }

        public void Dispose() => _back.ForEach(back => back());
    }
}
