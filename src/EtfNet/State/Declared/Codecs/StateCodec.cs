using TorchSharp;

namespace EtfNet;

/// <summary>How values of a type are saved, read, merged and reset.</summary>
internal abstract class StateCodec
{
    /// <param name="type">The type of a member or of a collection's elements; not Nullable.</param>
    /// <param name="member">The member that declares it.</param>
    /// <exception cref="InvalidOperationException">No state can be of that type.</exception>
    public static StateCodec For(Type type, StateMember member)
    {
        if (member.Declared.Json is { } context)
            return TextCodec.Json(type, context);
        if (TextCodec.Find(type) is { } text)
            return text;
        if (type == typeof(torch.Tensor))
            return new TensorCodec();
        if (type.IsArray)
            return ArrayCodec.For(type.GetElementType()!);
        if (CollectionCodec.Find(type, member) is { } collection)
            return collection;
        return typeof(ICustomState).IsAssignableFrom(type) || StateDeclaration.Of(type).Members.Count > 0
            ? new NestedCodec(type)
            : throw new InvalidOperationException(
                $"{type.Name} cannot be a part of a state: it declares none. Give its members [State], or name a Json context.");
    }

    public abstract bool CanMerge(MergeRule rule);

    /// <summary>Adds a value to what is saved.</summary>
    /// <param name="to">Takes it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value, not null.</param>
    /// <param name="dimensions">The dimensions that the declaration names, where they are known.</param>
    public abstract void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions);

    /// <summary>Reads a value and checks it; changes nothing.</summary>
    /// <param name="from">What was saved.</param>
    /// <param name="name">Its name.</param>
    /// <param name="current">The value now: an object that is filled in its place.</param>
    /// <returns>Null where nothing was saved.</returns>
    public abstract PendingValue? Read(StateReader from, string name, object? current);

    /// <summary>Why two values, neither null, do not merge; null where they do.</summary>
    public virtual string? MergeProblem(MergeRule rule, string name, object own, object other) =>
        rule == MergeRule.Same && !AreEqual(own, other) ? $"{EntryName.Quote(name)} is {Show(other)} there and {Show(own)} here" : null;

    /// <summary>Both as one, by a rule that needs both.</summary>
    public abstract object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create);

    /// <summary>A value that shares nothing with another, for a state that has none.</summary>
    public virtual object Copy(object value, Func<Type, object?>? create) => value;

    /// <summary>The value in a state without any data.</summary>
    public virtual object? Reset(object value, Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;

    /// <summary>The names below a name, with <c>*</c> for the keys of collections.</summary>
    public virtual IEnumerable<string> Leaves(string name) => [name];

    protected virtual bool AreEqual(object own, object other) => Equals(own, other);

    protected virtual string Show(object value) => value.ToString() ?? "";
}
