using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Finds every place in a model's object graph that refers to given modules, and the tensors that its objects hold.</summary>
/// <remarks>
/// The walk starts at the model and follows the fields of modules and of the user's own objects, collections, tuples and closures;
/// TorchSharp's
/// containers and registries are such objects too, so that nothing here depends on how they are built inside. It does not enter tensors,
/// the framework's other types or EtfNet's own objects that are not modules.
/// </remarks>
internal sealed class SlotFinder
{
    private readonly IReadOnlySet<torch.nn.Module> _wanted;
    private readonly Action<torch.Tensor, torch.nn.Module, string>? _meetTensor;
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(object Value, string Where, torch.nn.Module Owner)> _pending = new();
    private readonly Dictionary<torch.nn.Module, List<Slot>> _found = new(ReferenceEqualityComparer.Instance);
    private torch.nn.Module _owner;

    private SlotFinder(
        torch.nn.Module root, IReadOnlySet<torch.nn.Module> wanted, Action<torch.Tensor, torch.nn.Module, string>? meetTensor) =>
        (_owner, _wanted, _meetTensor) = (root, wanted, meetTensor);

    /// <summary>The slots of each wanted module, in the order they are met; a module without any is absent.</summary>
    /// <param name="root">Where the walk begins.</param>
    /// <param name="wanted">The modules to look for.</param>
    /// <param name="meetTensor">Called for each tensor that an object holds, with the innermost module around it and where it is.</param>
    public static IReadOnlyDictionary<torch.nn.Module, List<Slot>> Find(
        torch.nn.Module root, IEnumerable<torch.nn.Module> wanted, Action<torch.Tensor, torch.nn.Module, string>? meetTensor = null)
    {
        var finder = new SlotFinder(root, wanted.ToHashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance), meetTensor);
        finder.Enqueue(root, root.GetType().Name);
        while (finder._pending.TryDequeue(out var next))
        {
            finder._owner = next.Value as torch.nn.Module ?? next.Owner;
            finder.Enter(next.Value, next.Where);
        }

        return finder._found;
    }

    private void Enter(object value, string where)
    {
        switch (value)
        {
            case Array array:
                EnterList(array, array.GetType().GetElementType()!, where);
                break;
            case IList { IsReadOnly: false } list when WalkableTypes.IsFramework(value.GetType()):
                EnterList(list, WalkableTypes.ElementType(value.GetType()), where);
                break;
            case IDictionary { IsReadOnly: false } dictionary when WalkableTypes.IsFramework(value.GetType()):
                EnterDictionary(dictionary, where);
                break;
            case IEnumerable set when WalkableTypes.IsSet(value.GetType()):
                // The elements of a set are found by hash or order, like keys.
                foreach (var element in set)
                    Meet(element, null, $"an element of {where}", _ => { });
                break;
            default:
                EnterFields(value, where, null);
                break;
        }
    }

    private void EnterList(IList list, Type elementType, string where)
    {
        if (!WalkableTypes.MayHoldReferences(elementType))
            return;
        if (list is Array { Rank: > 1 } grid)
        {
            foreach (var element in grid)
                Meet(element, null, $"an element of {where}", _ => { });
            return;
        }

        for (var i = 0; i < list.Count; i++)
        {
            var index = i;
            Meet(list[i], elementType, $"{where}[{i}]", module => list[index] = module);
        }
    }

    private void EnterDictionary(IDictionary dictionary, string where)
    {
        var valueType = WalkableTypes.ArgumentsOf(dictionary.GetType(), typeof(IDictionary<,>))?[1] ?? typeof(object);
        foreach (var key in dictionary.Keys.Cast<object>().ToList())
        {
            // A key's hash is its identity: replacing it would lose the entry.
            Meet(key, null, $"a key of {where}", _ => { });
            Meet(dictionary[key], valueType, $"{where}[{key}]", module => dictionary[key] = module);
        }
    }

    /// <summary>Walks the fields of an object, or of a boxed struct that <paramref name="writeBack"/> puts into its holder again.</summary>
    private void EnterFields(object value, string where, Action<object>? writeBack)
    {
        foreach (var field in WalkableTypes.Fields(value.GetType()))
        {
            var isOfProperty = field.GetCustomAttribute<CompilerGeneratedAttribute>() is not null && field.Name.StartsWith('<');
            var name = isOfProperty && field.Name.IndexOf('>') is > 1 and var end ? field.Name[1..end] : field.Name;
            Meet(field.GetValue(value), field.FieldType, $"{where}.{name}", module =>
            {
                field.SetValue(value, module);
                writeBack?.Invoke(value);
            });
        }
    }

    private void Meet(object? value, Type? slotType, string where, Action<object> put)
    {
        if (value is null)
            return;
        if (value is torch.Tensor tensor)
            _meetTensor?.Invoke(tensor, _owner, where);
        else if (value is torch.nn.Module module && _wanted.Contains(module))
            Add(module, new Slot(where, slotType, put));
        else if (value is Delegate function)
            MeetDelegate(function, where, put);
        else if (value.GetType().IsValueType)
        {
            if (WalkableTypes.MayHoldReferences(value.GetType()))
                EnterFields(value, where, slotType is null ? null : put);
        }
        else
            Enqueue(value, where);
    }

    /// <summary>A method of a wanted module kept as a delegate is bound anew to the replacement, where the method is one that both
    /// have.</summary>
    private void MeetDelegate(Delegate function, string where, Action<object> put)
    {
        var parts = function.GetInvocationList();
        foreach (var part in parts)
        {
            if (part.Target is torch.nn.Module module && _wanted.Contains(module))
            {
                var method = part.Method.GetBaseDefinition();
                Add(module, new Slot($"{where} (a delegate of {method.Name})", parts.Length == 1 ? method.DeclaringType : null,
                    replacement => put(Delegate.CreateDelegate(function.GetType(), replacement, method))));
            }
            else if (part.Target is { } target)
                Enqueue(target, where);
        }
    }

    private void Enqueue(object value, string where)
    {
        if (WalkableTypes.IsWalkable(value.GetType()) && _seen.Add(value))
            _pending.Enqueue((value, where, _owner));
    }

    private void Add(torch.nn.Module module, Slot slot)
    {
        if (!_found.TryGetValue(module, out var slots))
            _found[module] = slots = [];
        slots.Add(slot);
    }
}
