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
    private const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> FieldsOf = new();
    private static readonly ConcurrentDictionary<Type, bool> Walkable = new();

    /// <summary>Whether the fields or elements of such an object can lead to a module.</summary>
    public static bool IsWalkable(Type type) => Walkable.GetOrAdd(type, Decide);

    /// <summary>All instance fields, base classes included, that can refer to something.</summary>
    public static IReadOnlyList<FieldInfo> Fields(Type type) => FieldsOf.GetOrAdd(type, static start =>
    {
        var fields = new List<FieldInfo>();
        for (var level = start; level is not null && level != typeof(object); level = level.BaseType)
            fields.AddRange(level.GetFields(OwnFields).Where(field => MayHoldReferences(field.FieldType)));
        return [.. fields];
    });

    /// <summary>Whether a variable of this type can hold, directly or in a struct, a reference to an object.</summary>
    public static bool MayHoldReferences(Type type) =>
        !type.IsPointer && !type.IsByRefLike && type != typeof(string)
        && (!type.IsValueType || (!type.IsPrimitive && !type.IsEnum && Fields(type).Count > 0));

    /// <summary>Whether the type comes with .NET.</summary>
    public static bool IsFramework(Type type) =>
        type.Assembly.GetName().Name is { } name
        && (name is "mscorlib" or "netstandard" || name.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>Whether it is a set: its elements are found by their hash or order, so that none may be exchanged.</summary>
    public static bool IsSet(Type type) =>
        IsFramework(type) && ArgumentsOf(type, typeof(ISet<>)) is not null;

    /// <summary>The element type of a list.</summary>
    public static Type ElementType(Type list) => ArgumentsOf(list, typeof(IList<>))?[0] ?? typeof(object);

    /// <summary>The type arguments with which a type implements a generic interface; null where it does not.</summary>
    public static Type[]? ArgumentsOf(Type type, Type definition) =>
        type.GetInterfaces().FirstOrDefault(face => Is(face, definition))?.GetGenericArguments();

    private static bool Is(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static bool Decide(Type type)
    {
        if (typeof(torch.nn.Module).IsAssignableFrom(type) || type.IsArray)
            return true;
        if (typeof(torch.Tensor).IsAssignableFrom(type) || typeof(SafeHandle).IsAssignableFrom(type)
            || typeof(MemberInfo).IsAssignableFrom(type))
            return false;
        if (type.Assembly == typeof(torch).Assembly)
            return Is(type, typeof(OrderedDict<,>));
        if (type.Assembly == typeof(WalkableTypes).Assembly)
            return false;
        return !IsFramework(type)
            ? type.Namespace?.StartsWith("Microsoft.", StringComparison.Ordinal) != true
            : type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true || type.Namespace == "System.Linq"
                || typeof(ITuple).IsAssignableFrom(type) || Is(type, typeof(Lazy<>)) || Is(type, typeof(StrongBox<>));
    }
}
