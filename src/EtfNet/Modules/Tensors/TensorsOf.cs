using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The tensors in what a model takes or gives: itself, or those of tuples, lists, dictionaries and objects with tensors in public
/// properties or fields.
/// </summary>
internal static class TensorsOf
{
    private const int MaxDepth = 4;

    private static readonly ConcurrentDictionary<Type, Func<object, object?>[]> Members = new();

    /// <summary>All of them, in order, each object once.</summary>
    public static IReadOnlyList<Tensor> All(object? value)
    {
        if (value is Tensor single)
            return [single];
        var found = new List<Tensor>();
        Collect(value, found, MaxDepth);
        return found;
    }

    /// <summary>The first of them; null where there is none.</summary>
    public static Tensor? First(object? value) => value as Tensor ?? (All(value) is [var first, ..] ? first : null);

    private static void Collect(object? value, List<Tensor> found, int depth)
    {
        switch (value)
        {
            case null or string:
                return;
            case Tensor tensor:
                if (!found.Exists(known => ReferenceEquals(known, tensor)))
                    found.Add(tensor);
                return;
            case var _ when depth == 0 || value.GetType().IsPrimitive || value.GetType().IsEnum:
                return;
            case ITuple tuple:
                for (var i = 0; i < tuple.Length; i++)
                    Collect(tuple[i], found, depth - 1);
                return;
            case IDictionary dictionary:
                foreach (var entry in dictionary.Values)
                    Collect(entry, found, depth - 1);
                return;
            case IEnumerable sequence:
                foreach (var entry in sequence)
                    Collect(entry, found, depth - 1);
                return;
            default:
                foreach (var member in Members.GetOrAdd(value.GetType(), Readers))
                    Collect(member(value), found, depth - 1);
                return;
        }
    }

    /// <summary>How to read the members of an object that hold tensors, in the order of their declaration.</summary>
    private static Func<object, object?>[] Readers(Type type) => typeof(nn.Module).IsAssignableFrom(type) ? [] :
    [
        .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && HoldsTensors(property.PropertyType))
            .Select(property => (Func<object, object?>)property.GetValue),
        .. type.GetFields(BindingFlags.Instance | BindingFlags.Public)
            .Where(field => HoldsTensors(field.FieldType))
            .Select(field => (Func<object, object?>)field.GetValue),
    ];

    private static bool HoldsTensors(Type type) =>
        typeof(Tensor).IsAssignableFrom(type) || typeof(IEnumerable<Tensor>).IsAssignableFrom(type) || typeof(ITuple).IsAssignableFrom(type)
        || typeof(IDictionary<string, Tensor>).IsAssignableFrom(type);

    /// <summary>A copy without gradient, of no dispose scope.</summary>
    public static Tensor Copy(Tensor tensor)
    {
        using var alias = tensor.detach();
        return alias.clone().DetachFromDisposeScope();
    }
}
