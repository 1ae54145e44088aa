using System.Collections;

namespace EtfNet;

/// <summary>A hook that was put on a module.</summary>
/// <param name="Hook">The very delegate in the table.</param>
/// <param name="Table">The table as it is at the time of asking: replacing a layer may have moved it.</param>
/// <param name="Remove">Takes it away.</param>
internal sealed record BoundHook(Delegate Hook, Func<IDictionary> Table, Action Remove)
{
    /// <summary>Whether it is still there: a module that clears its own tables removes it without asking.</summary>
    public bool IsThere => Table().Values.Cast<object>().Any(hook => ReferenceEquals(hook, Hook));

    public BoundHook First()
    {
        HookTables.MoveToFront(Table(), Hook);
        return this;
    }

    public BoundHook Last()
    {
        HookTables.MoveToEnd(Table(), Hook);
        return this;
    }
}
