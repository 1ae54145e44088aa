using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Saves and restores the fields of one object of an optimizer: tensors as tensors, all else as texts.</summary>
internal static class OptimizerFields
{
    /// <summary>The text that stands for a field that is null: one that is missing is an error.</summary>
    private const string Null = "null";

    public static void Capture(object owner, StateSet to, string name)
    {
        foreach (var field in OptimizerField.Of(owner.GetType()))
            if (Value(field, owner) is not { } value)
                to.Add(EntryName.Join(name, field.Name), Null);
            else if (field.IsTensor)
                to.Add(EntryName.Join(name, field.Name), new LiveTensor((Tensor)value));
            else
                field.Codec!.Capture(to, EntryName.Join(name, field.Name), value, null);
    }

    /// <summary>Checks what was saved for an object.</summary>
    /// <param name="type">The object's type.</param>
    /// <param name="owner">The object, where it is there already: its tensors say what the saved ones must be.</param>
    /// <param name="like">What a tensor that is not there yet must be like; null where that is not known.</param>
    /// <param name="from">What was saved.</param>
    /// <param name="name">What the fields' names begin with.</param>
    /// <returns>The values: texts read, tensors held, null where null was saved.</returns>
    /// <exception cref="EtfStateException">A field is missing or does not fit.</exception>
    public static IReadOnlyDictionary<OptimizerField, object?> Read(
        Type type, object? owner, StateTensor? like, StateReader from, string name)
    {
        var values = new Dictionary<OptimizerField, object?>();
        foreach (var field in OptimizerField.Of(type))
        {
            var full = EntryName.Join(name, field.Name);
            if (from.FindText(full) == Null && CanBeNull(field))
                values.Add(field, null);
            else if (field.Codec is { } codec)
                values.Add(field, (codec.Read(from, full, null) ?? throw from.Missing(full)).Value);
            else
                values.Add(field, Fit(from, full, owner is not null && Value(field, owner) is Tensor now ? new LiveTensor(now) : like));
        }

        return values;
    }

    /// <summary>Puts values into an object. A tensor that is there is filled; others are made on a device.</summary>
    public static void Restore(object owner, IReadOnlyDictionary<OptimizerField, object?> values, Device device)
    {
        foreach (var (field, value) in values)
        {
            var now = Value(field, owner);
            if (value is HeldTensor held && now is Tensor target)
            {
                held.CopyTo(target);
                continue;
            }

            (now as Tensor)?.Dispose();
            field.Field.SetValue(owner, value is HeldTensor made ? Make(made, device) : value);
        }
    }

    /// <summary>The value of a field; null as well for a tensor that was disposed.</summary>
    private static object? Value(OptimizerField field, object owner) =>
        field.Field.GetValue(owner) is { } value && value is not Tensor { IsInvalid: true } ? value : null;

    private static bool CanBeNull(OptimizerField field) =>
        !field.Field.FieldType.IsValueType || Nullable.GetUnderlyingType(field.Field.FieldType) is not null;

    private static Tensor Make(HeldTensor held, Device device)
    {
        using var scope = NewDisposeScope();
        return held.ToTensor().to(device).DetachFromDisposeScope();
    }

    private static HeldTensor Fit(StateReader from, string name, StateTensor? like)
    {
        var saved = from.FindTensor(name) ?? throw from.Missing(name);
        if (like is not null && !saved.IsLike(like.Type, like.Shape))
            throw from.State.Error(
                name, $"it is {saved}; wanted {like}",
                "Build model and optimizer as they were built when the state was saved.");
        return saved;
    }
}
