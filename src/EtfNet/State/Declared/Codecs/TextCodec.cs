using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>Numbers, bools, texts, enums and JSON: entries of the metadata.</summary>
/// <param name="what">What is expected, for messages.</param>
/// <param name="write">Gives the text.</param>
/// <param name="read">Gives the value back; null, or a <see cref="JsonException"/>, where the text is none.</param>
/// <param name="adds">What values add up to.</param>
internal sealed class TextCodec(
    string what, Func<object, string> write, Func<string, object?> read, TextCodec.Addition adds = TextCodec.Addition.None) : StateCodec
{
    private static readonly Dictionary<Type, TextCodec> s_plain = new()
    {
        [typeof(string)] = new("text", value => (string)value, text => text),
        [typeof(bool)] = new(
            "true or false", value => (bool)value ? "true" : "false",
            text => text switch { "true" => true, "false" => false, _ => null }, Addition.Max),
        [typeof(int)] = Number<int>("32-bit whole number", NumberStyles.AllowLeadingSign),
        [typeof(long)] = Number<long>("64-bit whole number", NumberStyles.AllowLeadingSign),
        [typeof(float)] = Number<float>("number", NumberStyles.Float),
        [typeof(double)] = Number<double>("number", NumberStyles.Float),
    };

    /// <summary>How two values become one.</summary>
    internal enum Addition
    {
        None,

        /// <summary>The larger one only: for a bool, whether either is true.</summary>
        Max,

        /// <summary>Their sum, or the larger one.</summary>
        Sum,
    }

    /// <summary>The codec of a type that is a plain text; null for any other.</summary>
    public static TextCodec? Find(Type type)
    {
        return type.IsEnum ? new TextCodec(type.Name, value => value.ToString()!, Named) : s_plain.GetValueOrDefault(type);

        // By name only: numbers would parse as well.
        object? Named(string text) =>
            text.Length > 0 && char.IsAsciiLetter(text[0]) && Enum.TryParse(type, text, out var value) ? value : null;
    }

    public static TextCodec Json(Type type, Type context)
    {
        var known = (JsonSerializerContext)context.GetProperty("Default")!.GetValue(null)!;
        var info = known.GetTypeInfo(type) ?? throw new InvalidOperationException($"{context.Name} does not know {type.Name}.");
        return new TextCodec(
            $"JSON of {type.Name}", value => JsonSerializer.Serialize(value, info), text => JsonSerializer.Deserialize(text, info));
    }

    public override bool CanMerge(MergeRule rule) =>
        rule is MergeRule.Keep or MergeRule.Same or MergeRule.First or MergeRule.ByType
            || (rule == MergeRule.Sum && adds == Addition.Sum) || (rule == MergeRule.Max && adds != Addition.None);

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions) => to.Add(name, write(value));

    public override PendingValue? Read(StateReader from, string name, object? current)
    {
        if (from.FindText(name) is not { } text)
            return null;
        try
        {
            return PendingValue.Of(read(text) ?? throw from.Wrong(name, $"it is {EntryName.Quote(text)}; wanted: {what}"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw from.Wrong(name, $"it is not valid {what} ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create) => rule switch
    {
        MergeRule.Sum => own switch
        {
            // An object each: otherwise all would become doubles.
            int number => (object)(number + (int)other),
            long number => number + (long)other,
            float number => number + (float)other,
            _ => (double)own + (double)other,
        },
        MergeRule.Max => ((IComparable)own).CompareTo(other) < 0 ? other : own,
        _ => own,
    };

    private static TextCodec Number<T>(string what, NumberStyles styles)
        where T : struct, System.Numerics.INumber<T> =>
        new(what, value => ((T)value).ToString(null, CultureInfo.InvariantCulture),
            text => T.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) ? number : null, Addition.Sum);
}
