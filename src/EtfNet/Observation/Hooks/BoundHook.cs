using System.Collections;

namespace EtfNet;

/// <summary>A hook that was put on a module.</summary>
/// <param name="hook">The very delegate in the table.</param>
/// <param name="table">The table as it is at the time of asking: replacing a layer may have moved it.</param>
/// <param name="remove">Takes it away.</param>
internal sealed class BoundHook(Delegate hook, Func<IDictionary> table, Action remove)
{
    public Delegate Hook { get; } = hook;

    public Action Remove { get; } = remove;

    /// <summary>Whether it is still there: a module that clears its own tables removes it without asking.</summary>
    public bool IsThere => table().Values.Cast<object>().Any(other => ReferenceEquals(other, Hook));

    public BoundHook First()
    {
        HookTables.MoveToFront(table(), Hook);
        return this;
    }

    public BoundHook Last()
    {
        HookTables.MoveToEnd(table(), Hook);
        return this;
    }
}
