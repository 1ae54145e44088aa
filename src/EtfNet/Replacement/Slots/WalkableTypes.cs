using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Utils;

namespace EtfNet;

/// <summary>Which objects a walk over a model enters, and through which fields.</summary>
internal static class WalkableTypes
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> FieldsOf = new();
    private static readonly ConcurrentDictionary<Type, bool> Walkable = new();

    /// <summary>Whether the fields or elements of such an object can lead to a module.</summary>
    public static bool IsWalkable(Type type) => Walkable.GetOrAdd(type, Decide);

    /// <summary>All instance fields, base classes included, that can refer to something.</summary>
    public static IReadOnlyList<FieldInfo> Fields(Type type) => FieldsOf.GetOrAdd(type, static start =>
    {
        var fields = new List<FieldInfo>();
        for (var level = start; level is not null && level != typeof(object); level = level.BaseType)
            fields.AddRange(level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(field => MayHoldReferences(field.FieldType)));
        return [.. fields];
    });

    /// <summary>Whether a variable of this type can hold, directly or in a struct, a reference to an object.</summary>
    public static bool MayHoldReferences(Type type) =>
        !type.IsPointer && !type.IsByRefLike && type != typeof(string)
        && (!type.IsValueType || (!type.IsPrimitive && !type.IsEnum && Fields(type).Count > 0));

    /// <summary>Whether the type comes with .NET.</summary>
    public static bool IsFramework(Type type) =>
        type.Assembly.GetName().Name is { } name && (name is "mscorlib" or "netstandard" || name.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>Whether it is a set: its elements are found by their hash or order, so that none may be exchanged.</summary>
    public static bool IsSet(Type type) =>
        IsFramework(type) && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ISet<>));

    /// <summary>The element type of a list.</summary>
    public static Type ElementType(Type list) =>
        list.GetInterfaces().FirstOrDefault(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IList<>))?.GetGenericArguments()[0] ?? typeof(object);

    private static bool Decide(Type type)
    {
        if (typeof(torch.nn.Module).IsAssignableFrom(type) || type.IsArray)
            return true;
        if (typeof(torch.Tensor).IsAssignableFrom(type) || typeof(SafeHandle).IsAssignableFrom(type) || typeof(MemberInfo).IsAssignableFrom(type))
            return false;
        if (type.Assembly == typeof(torch).Assembly)
            return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(OrderedDict<,>);
        if (type.Assembly == typeof(WalkableTypes).Assembly)
            return false;
        return !IsFramework(type)
            ? type.Namespace?.StartsWith("Microsoft.", StringComparison.Ordinal) != true
            : type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true
                || typeof(ITuple).IsAssignableFrom(type) || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Lazy<>) || type.GetGenericTypeDefinition() == typeof(StrongBox<>)));
    }
}
