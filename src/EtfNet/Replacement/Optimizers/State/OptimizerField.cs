using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A field of an optimizer's options, or of its state for one parameter, whichever the optimizer.</summary>
/// <param name="Field">The field; of an auto-property, the one behind it.</param>
/// <param name="Name">Its name in files.</param>
/// <param name="Codec">How it is saved; null for a tensor.</param>
internal sealed record OptimizerField(FieldInfo Field, string Name, TextCodec? Codec)
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, IReadOnlyList<OptimizerField>> s_all = new();

    public bool IsTensor => Codec is null;

    /// <summary>The fields of a type and its bases. Parameters, which belong to the model, are not among them.</summary>
    /// <exception cref="NotSupportedException">A field is neither tensor, number, bool, text nor enum.</exception>
    public static IReadOnlyList<OptimizerField> Of(Type type) => s_all.GetOrAdd(type, static type =>
    {
        var fields = new List<OptimizerField>();
        for (var at = type; at is not null && at != typeof(object) && at != typeof(OptimizerState); at = at.BaseType)
            fields.AddRange(at.GetFields(Own).Where(field => field.FieldType != typeof(Parameter)).Select(From));
        return fields;
    });

    private static OptimizerField From(FieldInfo field)
    {
        // "<LearningRate>k__BackingField" is LearningRate.
        var member = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
        var name = EntryName.OfMember(member);
        if (field.FieldType == typeof(torch.Tensor))
            return new OptimizerField(field, name, null);
        return new OptimizerField(field, name, TextCodec.Find(Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType)
            ?? throw new NotSupportedException(
                $"{field.DeclaringType!.Name}.{member} is a {field.FieldType.Name}, which cannot be saved; "
                + "wanted a tensor, number, bool, text or enum."));
    }
}
