using System.Runtime.CompilerServices;
using TorchSharp;

namespace EtfNet;

/// <summary>
/// The dispose scopes that were open on a thread at a moment: a loop that opens one for each step shows by them where a step ends.
/// </summary>
internal sealed class ScopeChain
{
    private readonly DisposeScope[] _scopes;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    private ScopeChain(DisposeScope[] scopes) => _scopes = scopes;

    /// <summary>The scopes that are open on this thread now, the innermost first.</summary>
    public static ScopeChain Current()
    {
        var current = Innermost(Singleton(null));
        if (current is null)
            return new ScopeChain([]);
        if (Outer(current) is null)
            return new ScopeChain([current]);
        var scopes = new List<DisposeScope>();
        for (var scope = current; scope is not null; scope = Outer(scope))
            scopes.Add(scope);
        return new ScopeChain([.. scopes]);
    }

    /// <summary>
    /// Whether what was done under these scopes belongs to a step before that under <paramref name="later"/>: its scope is closed, and
    /// another was opened since, which still is.
    /// </summary>
    public bool EndedBefore(ScopeChain later) =>
        _thread == later._thread && _scopes.Length > 0 && !IsOpen(_scopes[0])
            && later._scopes.Any(scope => IsOpen(scope) && !_scopes.Contains(scope));

    private static bool IsOpen(DisposeScope scope) => Manager(scope) is not null;

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "get_ThreadSingleton")]
    private static extern DisposeScopeManager Singleton(DisposeScopeManager? type);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CurrentDisposeScope")]
    private static extern DisposeScope? Innermost(DisposeScopeManager manager);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_OuterScope")]
    private static extern DisposeScope? Outer(DisposeScope scope);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_disposeScopeManager")]
    private static extern ref DisposeScopeManager? Manager(DisposeScope scope);
}
