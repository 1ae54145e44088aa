using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace EtfNet.Samples;

/// <summary>Options by name, from a command line (<c>--max-per-epoch 4</c>) or a text (<c>max-per-epoch=4</c>), bound to the properties
/// of any record (<c>MaxPerEpoch</c>): what a record can hold, a sample can set.</summary>
/// <param name="values">The options; a later one replaces an earlier one of the same name.</param>
/// <param name="words">The arguments that belong to no option.</param>
public sealed partial class Settings(IEnumerable<KeyValuePair<string, string>> values, params IReadOnlyList<string> words)
{
    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    /// <summary>What can be given as text: what it looks like, and how it is read.</summary>
    private static readonly Dictionary<Type, (string Wanted, Func<string, object> Parse)> s_types = new()
    {
        [typeof(int)] = ("a whole number", text => int.Parse(text, NumberStyles.AllowLeadingSign, s_culture)),
        [typeof(long)] = ("a whole number", text => long.Parse(text, NumberStyles.AllowLeadingSign, s_culture)),
        [typeof(double)] = ("a number", text => double.Parse(text, NumberStyles.Float, s_culture)),
        [typeof(bool)] = ("true or false", text => bool.Parse(text)),
        [typeof(string)] = ("a value", text => Check.That(text, text.Trim().Length > 0, "")),
        [typeof(IReadOnlyList<int>)] =
            ("whole numbers such as 7,14", text => text.Split(',').Select(one => int.Parse(one, s_culture)).ToArray()),
        [typeof(IReadOnlyList<string>)] = ("names such as head,neck", text => Check.That(text, text.Trim().Length > 0, "").Split(',')),
        [typeof(EtfFrame)] = (FrameText.Wanted, FrameText.Parse),
    };

    private readonly SortedDictionary<string, string> _values =
        new(values.GroupBy(value => value.Key).ToDictionary(group => group.Key, group => group.Last().Value), StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    public IReadOnlyList<string> Words => words;

    /// <summary>Reads texts of <c>name=value</c> pairs with spaces between.</summary>
    public static Settings Parse(params string[] texts) => new(string.Join(' ', texts).Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair.Length > 1 ? pair[1] : "")));

    /// <summary>Reads a command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="types">The types whose properties are the options.</param>
    /// <exception cref="SampleException">An option is unknown, given twice, or has no value or a wrong one.</exception>
    public static Settings Read(IReadOnlyList<string> args, params Type[] types)
    {
        var known = types.SelectMany(Options).DistinctBy(Name).ToDictionary(Name);
        var (words, values) = (new List<string>(), new Dictionary<string, string>());
        for (var i = 0; i < args.Count; i++)
        {
            var parts = args[i].TrimStart('-').Split('=', 2);
            if (!IsOption(args[i]))
                words.Add(args[i]);
            else if (!known.TryGetValue(parts[0], out var option))
                throw new SampleException($"there is no option --{parts[0]}{DidYouMean(parts[0], known.Keys, "--")}; --help lists all.");
            else if (!values.TryAdd(parts[0], parts.Length > 1 ? parts[1]
                : i + 1 < args.Count && CanBeValue(option, args[i + 1]) ? args[++i] : option.PropertyType == typeof(bool) ? "true" : ""))
                throw new SampleException($"--{parts[0]} is given twice.");
            else
                Convert(option, values[parts[0]]);
        }

        return new Settings(values, words);

        static bool IsOption(string word) => word.StartsWith("--", StringComparison.Ordinal);

        // A word after --quiet may be the program's own; true and false belong to the option.
        static bool CanBeValue(PropertyInfo option, string word) =>
            option.PropertyType == typeof(bool) ? bool.TryParse(word, out _) : !IsOption(word);
    }

    /// <summary>Whether a type has an option of a name.</summary>
    public static bool Has<T>(string name) => Options(typeof(T)).Any(option => Name(option) == name);

    /// <summary>The options of some records, with their defaults and what they are.</summary>
    public static string Help(params object[] defaults) => string.Join('\n', defaults.SelectMany(record => Options(record.GetType())
        .Select(one => $"  --{Name(one),-20} {Shown(one.GetValue(record)),-12} {one.GetCustomAttribute<DescriptionAttribute>()?.Description}".TrimEnd())));

    private static object? Shown(object? value) => value is IEnumerable<string> names ? string.Join(',', names) : value;

    /// <summary>These options, and where both have one, the others'.</summary>
    public Settings With(Settings other) => new(_values.Concat(other._values));

    /// <summary>These options, where all arguments belong to options.</summary>
    /// <exception cref="SampleException">One does not.</exception>
    public Settings WithoutWords() =>
        words.Count == 0 ? this
            : throw new SampleException($"{words[0]}: give options as --name=value; --help lists all.");

    /// <summary>These options, where all are properties of some types.</summary>
    /// <exception cref="SampleException">One is not.</exception>
    public Settings Checked(params Type[] types)
    {
        var known = types.SelectMany(Options).Select(Name).ToHashSet();
        return _values.Keys.FirstOrDefault(name => !known.Contains(name)) is not { } unknown ? this
            : throw new SampleException($"there is no option {unknown}{DidYouMean(unknown, known)}.");
    }

    /// <summary>A copy of a record in which the options that are given replace its properties.</summary>
    /// <exception cref="SampleException">A value is wrong.</exception>
    public T Bind<T>(T defaults)
        where T : class
    {
        if (IsAnonymous(typeof(T)))
            return (T)typeof(T).GetConstructors()[0].Invoke([.. Options(typeof(T)).Select(one => Positive(one, one.GetValue(defaults)))]);
        var bound = typeof(T).GetMethod("<Clone>$")!.Invoke(defaults, null)!;
        foreach (var option in Options(typeof(T)).Where(option => _values.ContainsKey(Name(option))))
        {
            var (text, flags) = (_values[Name(option)], BindingFlags.DoNotWrapExceptions);
            var value = Convert(option, text);
            Check.Explained(() => option.SetMethod!.Invoke(bound, flags, null, [value], null), why => $"--{Name(option)} {text}: {why}.");
        }

        return (T)bound;
    }

    public override string ToString() => string.Join(' ', _values.Select(value => $"{value.Key}={value.Value}"));

    /// <summary>" (did you mean X?)" where one of some words has most pairs of letters in common; else nothing.</summary>
    internal static string DidYouMean(string word, IEnumerable<string> words, string prefix = "")
    {
        return words.Where(other => word.Length > 1 && 2 * Common(other) >= word.Length - 1)
            .OrderByDescending(other => 2.0 * Common(other) / other.Length).Select(other => $" (did you mean {prefix}{other}?)").FirstOrDefault("");

        int Common(string other) => word.Zip(word.Skip(1)).Intersect(other.Zip(other.Skip(1))).Count();
    }

    private static IEnumerable<PropertyInfo> Options(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.SetMethod?.IsPublic == true || IsAnonymous(type))
        .Where(property => TypeOf(property).IsEnum || s_types.ContainsKey(TypeOf(property)));

    private static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__Anonymous", StringComparison.Ordinal);

    private static Type TypeOf(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    private static string Name(PropertyInfo property) => Kebab(property.Name);

    private static string Kebab(string name) => Capitals().Replace(name, "-$1").ToLowerInvariant();

    private static object Convert(PropertyInfo option, string text)
    {
        var names = TypeOf(option).IsEnum ? Enum.GetNames(TypeOf(option)).ToDictionary(Kebab) : [];
        var (wanted, parse) = s_types.GetValueOrDefault(TypeOf(option),
            ($"one of {string.Join(", ", names.Keys)}", _ => Enum.Parse(TypeOf(option), names.GetValueOrDefault(text, ""))));
        return Check.Explained(() => parse(text), _ => $"--{Name(option)} {text}: give {wanted}.");
    }

    private object? Positive(PropertyInfo option, object? given) => !_values.TryGetValue(Name(option), out var text) ? given
        : Convert(option, text) is var value && value is string or bool || System.Convert.ToDouble(value, s_culture) > 0 ? value
        : throw new SampleException($"--{Name(option)} {text}: give a number above 0.");

    [GeneratedRegex("(?<=.)([A-Z])")]
    private static partial Regex Capitals();
}
