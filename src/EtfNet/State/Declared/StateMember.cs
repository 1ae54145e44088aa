using System.Reflection;

namespace EtfNet;

/// <summary>A member that its type declares to be a part of its state.</summary>
internal sealed class StateMember
{
    private readonly FieldInfo? _field;
    private readonly PropertyInfo? _property;

    private StateMember(MemberInfo member, StateAttribute attribute)
    {
        (_field, _property, Declared) = (member as FieldInfo, member as PropertyInfo, attribute);
        (Member, Name) = (member.Name, attribute.Name ?? EntryName.OfMember(member.Name));
        Type = _field?.FieldType ?? _property!.PropertyType;
        var nullability = _field is null ? new NullabilityInfoContext().Create(_property!) : new NullabilityInfoContext().Create(_field);
        IsOptional = nullability.ReadState == NullabilityState.Nullable;
        CanSet = _field is { IsInitOnly: false } || _property is { CanWrite: true };
        Codec = StateCodec.For(Nullable.GetUnderlyingType(Type) ?? Type, this);
        Dimensions = attribute.Shape?.Split(',', StringSplitOptions.TrimEntries);
        if (!Codec.CanMerge(attribute.Merge))
            throw new InvalidOperationException(
                $"{member.DeclaringType!.Name}.{Member} is a {Type.Name}, which does not merge by {attribute.Merge}.");
    }

    /// <summary>The name in code.</summary>
    public string Member { get; }

    /// <summary>The name in files.</summary>
    public string Name { get; }

    public Type Type { get; }

    public StateAttribute Declared { get; }

    public bool IsOptional { get; }

    /// <summary>Whether it can be set; otherwise the object that it holds is filled.</summary>
    public bool CanSet { get; }

    public StateCodec Codec { get; }

    public string[]? Dimensions { get; }

    /// <summary>The members that a type declares, base classes first, in the order of the source.</summary>
    public static IReadOnlyList<StateMember> Of(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var members = type.BaseType is { } parent && parent != typeof(object) ? Of(parent).ToList() : [];
        members.AddRange(type.GetMembers(Own)
            .Select(member => (Member: member, Attribute: member.GetCustomAttribute<StateAttribute>()))
            .Where(one => one.Attribute is not null)
            .OrderBy(one => one.Member.MetadataToken)
            .Select(one => new StateMember(one.Member, one.Attribute!)));
        return members;
    }

    /// <summary>Whether a declaration means this member: by its name in code or in files.</summary>
    public bool IsCalled(string name) => name == Member || name == Name;

    public object? Get(object owner) => _field is null ? _property!.GetValue(owner) : _field.GetValue(owner);

    public void Set(object owner, object? value)
    {
        if (_field is null)
            _property!.SetValue(owner, value);
        else
            _field.SetValue(owner, value);
    }
}
