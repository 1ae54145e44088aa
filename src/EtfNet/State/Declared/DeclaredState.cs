namespace EtfNet;

/// <summary>What follows from a type's declaration of its state, <see cref="StateAttribute"/>: saving, loading, merging, the reset and the
/// size.</summary>
internal static class DeclaredState
{
    /// <summary>What is to be saved of a state, without copies: it follows the state until it is held.</summary>
    public static StateSet Capture(object state, string kind)
    {
        var set = new StateSet(kind);
        StateDeclaration.Of(state.GetType()).Capture(state, set, "");
        return set;
    }

    /// <summary>A new state as it was saved.</summary>
    /// <param name="from">What was saved.</param>
    /// <param name="create">Makes empty objects; null: by their constructor without parameters.</param>
    /// <exception cref="EtfStateException">What was saved is not such a state.</exception>
    public static T Read<T>(StateSet from, Func<Type, object?>? create = null)
        where T : class
    {
        var reader = new StateReader(from, create);
        var state = (T)reader.Create(typeof(T));
        Fill(state, reader);
        return state;
    }

    /// <summary>Puts a state back to what was saved.</summary>
    /// <exception cref="EtfStateException">What was saved does not fit; nothing was changed.</exception>
    public static void Restore(object state, StateSet from, Func<Type, object?>? create = null) =>
        Fill(state, new StateReader(from, create));

    /// <summary>Adds another state of the same type, which stays as it is.</summary>
    /// <exception cref="ArgumentException">They do not merge; nothing was changed.</exception>
    public static void Merge(object own, object other, string parameter, Func<Type, object?>? create = null)
    {
        RequireMergeable(own, other, parameter);
        StateDeclaration.Of(own.GetType()).Merge(own, other, create);
    }

    /// <exception cref="ArgumentException">The states do not merge.</exception>
    public static void RequireMergeable(object own, object other, string parameter)
    {
        if (StateDeclaration.Of(own.GetType()).MergeProblem(own, other, "") is { } problem)
            throw new ArgumentException($"The states do not merge: {problem}.", parameter);
    }

    /// <summary>Sets counters, sums and maxima back to nothing; configuration and nested states stay.</summary>
    public static void Reset(object state) => StateDeclaration.Of(state.GetType()).Reset(state);

    /// <summary>The bytes of a state's tensors and texts.</summary>
    public static long Bytes(object state) => Capture(state, "").ByteCount;

    /// <summary>A copy that shares nothing.</summary>
    public static object Copy(object state, Func<Type, object?>? create = null)
    {
        var reader = new StateReader(Capture(state, "").Hold(), create);
        var copy = reader.Create(state.GetType());
        Fill(copy, reader);
        return copy;
    }

    private static void Fill(object state, StateReader reader)
    {
        StateDeclaration.Of(state.GetType()).Read(state, reader, "");
        reader.Finish();
    }
}
