using System.Collections.Concurrent;

namespace EtfNet;

/// <summary>What a type declares to be its state.</summary>
internal sealed class StateDeclaration
{
    private static readonly ConcurrentDictionary<Type, StateDeclaration> s_all = new();

    private StateDeclaration(Type type) => Members = StateMember.Of(type);

    public IReadOnlyList<StateMember> Members { get; }

    public static StateDeclaration Of(Type type) => s_all.GetOrAdd(type, static type => new StateDeclaration(type));

    public void Capture(object owner, StateSet to, string name)
    {
        foreach (var member in Members)
            if (member.Get(owner) is { } value)
                member.Codec.Capture(to, EntryName.Join(name, member.Name), value, Dimensions(member, owner));
            else if (!member.IsOptional)
                throw new InvalidOperationException($"{owner.GetType().Name}.{member.Member} is null and not declared to be optional.");
    }

    /// <summary>Reads and checks; every change waits in the reader.</summary>
    /// <exception cref="EtfStateException">Something is missing or wrong.</exception>
    public void Read(object owner, StateReader from, string name)
    {
        var values = new StateValues();
        foreach (var member in Members)
        {
            var full = EntryName.Join(name, member.Name);
            var current = member.Get(owner);
            var read = member.Codec.Read(from, full, current) ?? (member.IsOptional ? Absent(current) : throw from.Missing(full));
            values.Add(member.Member, read.Value);
            if (member.CanSet)
                from.Later(() => member.Set(owner, read.Take()));
            else if (current is null)
                throw new InvalidOperationException($"{owner.GetType().Name}.{member.Member} can neither be set nor filled.");
            else if (current is Array array)
                FillInPlace(array, read, from, full);
            else
                from.Later(() => read.Take());
        }

        StateConditions.Require(Members, values, from, name);
        if ((owner as ICheckedState)?.Problem(values) is { } problem)
            throw from.Wrong(name.Length == 0 ? from.State.Kind ?? "state" : name, problem);
    }

    public string? MergeProblem(object own, object other, string name)
    {
        foreach (var member in Members.Where(member => member.Declared.Merge is not (MergeRule.Keep or MergeRule.ByType)))
            if (member.Get(own) is { } mine && member.Get(other) is { } theirs
                && member.Codec.MergeProblem(member.Declared.Merge, EntryName.Join(name, member.Name), mine, theirs) is { } problem)
                return problem;
        return null;
    }

    /// <summary>Merges what was found to merge.</summary>
    public void Merge(object own, object other, Func<Type, object?>? create)
    {
        foreach (var member in Members.Where(member => member.Declared.Merge is not (MergeRule.Keep or MergeRule.Same or MergeRule.ByType)))
        {
            if (member.Get(other) is not { } theirs)
                continue;
            var merged = member.Get(own) is { } mine
                ? member.Codec.Merge(member.Declared.Merge, mine, theirs, create)
                : member.Codec.Copy(theirs, create);
            if (member.CanSet)
                member.Set(own, merged);
        }

        (own as IMergeableState)?.MergeParts(other);
    }

    /// <summary>Sets what adds up over samples, steps or processes back to nothing.</summary>
    public void Reset(object owner)
    {
        foreach (var member in Members.Where(member => member.Declared.Merge is MergeRule.Sum or MergeRule.Max or MergeRule.First))
            if (member.Get(owner) is { } value && member.Codec.Reset(value, member.Type) is var start && member.CanSet)
                member.Set(owner, start);
    }

    /// <summary>An array of a fixed length takes only what has that length.</summary>
    private static void FillInPlace(Array array, PendingValue read, StateReader from, string name)
    {
        if (((Array)read.Value!).Length is var length && length != array.Length)
            throw from.Wrong(name, $"it has {Words.Count(length, "number")}; wanted {array.Length}");
        from.Later(() => Array.Copy((Array)read.Take()!, array, array.Length));
    }

    private static PendingValue Absent(object? current) => new(null, () =>
    {
        (current as TorchSharp.torch.Tensor)?.Dispose();
        return null;
    });

    /// <summary>The dimensions that a member's declaration names, as far as they are numbers of this state.</summary>
    private List<long?>? Dimensions(StateMember member, object owner)
    {
        return member.Dimensions?.Select(Length).ToList();

        long? Length(string dimension) =>
            Members.FirstOrDefault(other => other.IsCalled(dimension))?.Get(owner) is { } value ? Convert.ToInt64(value, null) : null;
    }
}
