namespace EtfNet;

/// <summary>A state within a state.</summary>
internal sealed class NestedCodec(Type type) : StateCodec
{
    /// <summary>The text that says of an optional state that it is there.</summary>
    private const string Present = "present";

    private readonly bool _isCustom = typeof(ICustomState).IsAssignableFrom(type);

    public override bool CanMerge(MergeRule rule) => rule is MergeRule.Keep or MergeRule.ByType || (rule == MergeRule.Each && !_isCustom);

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions)
    {
        to.Add(name, Present);
        if (value is ICustomState custom)
            custom.Capture(to, name);
        else
            StateDeclaration.Of(type).Capture(value, to, name);
    }

    public override PendingValue? Read(StateReader from, string name, object? current)
    {
        if (from.FindText(name) is not { } text)
            return null;
        if (text != Present)
            throw from.Wrong(name, $"{EntryName.Quote(text)} does not say that a state is there");
        var target = current ?? from.Create(type);
        if (target is ICustomState custom)
            custom.Read(from, name);
        else
            StateDeclaration.Of(type).Read(target, from, name);
        return PendingValue.Of(target);
    }

    public override string? MergeProblem(MergeRule rule, string name, object own, object other) =>
        rule == MergeRule.Each ? StateDeclaration.Of(type).MergeProblem(own, other, name) : null;

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create)
    {
        if (rule == MergeRule.Each)
            StateDeclaration.Of(type).Merge(own, other, create);
        return own;
    }

    public override object Copy(object value, Func<Type, object?>? create) => DeclaredState.Copy(value, create);

    /// <summary>Nested states are reset by themselves.</summary>
    public override object? Reset(object value, Type type) => value;

    public override IEnumerable<string> Leaves(string name) =>
        _isCustom
            ? [name]
            : [name, .. StateDeclaration.Of(type).Members.SelectMany(member => member.Codec.Leaves(EntryName.Join(name, member.Name)))];
}
