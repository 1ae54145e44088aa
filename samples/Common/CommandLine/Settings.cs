using System.Reflection;

namespace EtfNet.Samples;

/// <summary>Options by name, from a command line (<c>--max-per-epoch 4</c>) or a text (<c>max-per-epoch=4</c>), bound to the properties
/// of any record (<c>MaxPerEpoch</c>): what a record can hold, a sample can set.</summary>
/// <param name="values">The options; a later one replaces an earlier one of the same name.</param>
/// <param name="words">The arguments that belong to no option.</param>
public sealed class Settings(IEnumerable<KeyValuePair<string, string>> values, params IReadOnlyList<string> words)
{
    /// <summary>What can be given as text: what it looks like, and how it is read.</summary>
    private static readonly Dictionary<Type, (string Wanted, Func<string, object> Parse)> s_types = new()
    {
        [typeof(int)] = ("a whole number", text => int.Parse(text, NumberStyles.AllowLeadingSign)),
        [typeof(long)] = ("a whole number", text => long.Parse(text, NumberStyles.AllowLeadingSign)),
        [typeof(double)] = ("a number", text => double.Parse(text, NumberStyles.Float)),
        [typeof(bool)] = ("true or false", text => bool.Parse(text)),
        [typeof(string)] = ("a value", NotBlank),
        [typeof(IReadOnlyList<int>)] = ("whole numbers such as 7,14", text => text.Split(',').Select(int.Parse).ToArray()),
        [typeof(IReadOnlyList<string>)] = ("names such as head,neck", text => NotBlank(text).Split(',')),
        [typeof(EtfFrame)] = (FrameText.Wanted, FrameText.Parse),
    };

    public IReadOnlyDictionary<string, string> Values { get; } = new SortedDictionary<string, string>(
        values.GroupBy(value => value.Key).ToDictionary(group => group.Key, group => group.Last().Value), StringComparer.Ordinal);

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
        var (words, values) = (new List<string>(), new Dictionary<string, string>());
        for (var i = 0; i < args.Count; i++)
        {
            if (!IsOption(args[i]))
            {
                words.Add(args[i]);
                continue;
            }

            var parts = args[i].TrimStart('-').Split('=', 2);
            var option = Find(parts[0], types);
            var text = parts.Length > 1 ? parts[1] : i + 1 < args.Count && CanBeValue(option, args[i + 1]) ? args[++i]
                : option.PropertyType == typeof(bool) ? "true" : "";
            if (!values.TryAdd(parts[0], text))
                throw new SampleException($"--{parts[0]} is given twice.");
            Convert(option, text);
        }

        return new Settings(values, words);

        static bool IsOption(string word) => word.StartsWith("--", StringComparison.Ordinal);

        // A word after --quiet may be the program's own; true and false belong to the option.
        static bool CanBeValue(PropertyInfo option, string word) =>
            option.PropertyType == typeof(bool) ? bool.TryParse(word, out _) : !IsOption(word);
    }

    /// <summary>The options of some records, with their defaults and what they are.</summary>
    public static string Help(params object[] defaults)
    {
        return string.Join('\n', defaults.SelectMany(record => Options(record.GetType()).Select(option =>
            $"  --{Name(option),-20} {Shown(option.GetValue(record)),-12} {option.GetCustomAttribute<Is>()?.Description}".TrimEnd())));

        static object? Shown(object? value) => value is IEnumerable<string> names ? string.Join(',', names) : value;
    }

    /// <summary>These options, and where both have one, the others'.</summary>
    public Settings With(Settings other) => new(Values.Concat(other.Values));

    /// <summary>These options without those of some types.</summary>
    public Settings Without(params Type[] types) => new(Values.ExceptBy(types.SelectMany(Options).Select(Name), value => value.Key));

    /// <summary>These options, where all arguments belong to options.</summary>
    /// <exception cref="SampleException">One does not.</exception>
    public Settings WithoutWords() => words.Count == 0 ? this
        : throw new SampleException($"{words[0]}: give options as --name=value; --help lists all.");

    /// <summary>These options, where all are properties of some types.</summary>
    /// <exception cref="SampleException">One is not.</exception>
    public Settings Checked(params Type[] types)
    {
        Values.Keys.ToList().ForEach(name => Find(name, types));
        return this;
    }

    /// <summary>A copy of a record in which the options that are given replace its properties.</summary>
    /// <exception cref="SampleException">A value is wrong.</exception>
    public T Bind<T>(T defaults)
        where T : class
    {
        if (IsAnonymous(typeof(T)))
            return (T)typeof(T).GetConstructors()[0].Invoke([.. Options(typeof(T)).Select(one => Positive(one, one.GetValue(defaults)))]);
        var bound = typeof(T).GetMethod("<Clone>$")!.Invoke(defaults, null)!;
        foreach (var option in Options(typeof(T)).Where(option => Values.ContainsKey(Name(option))))
        {
            var (text, flags) = (Values[Name(option)], BindingFlags.DoNotWrapExceptions);
            var value = Convert(option, text);
            Check.Explained(() => option.SetMethod!.Invoke(bound, flags, null, [value], null), why => $"--{Name(option)} {text}: {why}.");
        }

        return (T)bound;
    }

    public override string ToString() => string.Join(' ', Values.Select(value => $"{value.Key}={value.Value}"));

    /// <summary>" (did you mean X?)" where one of some words has most pairs of letters in common; else nothing.</summary>
    internal static string DidYouMean(string word, IEnumerable<string> words, string prefix = "")
    {
        return words.Where(other => word.Length > 1 && 2 * Common(other) >= word.Length - 1)
            .OrderByDescending(other => 2.0 * Common(other) / other.Length)
            .Select(other => $" (did you mean {prefix}{other}?)").FirstOrDefault("");

        int Common(string other) => word.Zip(word.Skip(1)).Intersect(other.Zip(other.Skip(1))).Count();
    }

    private static string NotBlank(string text) => Check.That(text, text.Trim().Length > 0, "");

    private static PropertyInfo Find(string name, Type[] types)
    {
        var known = types.SelectMany(Options).ToList();
        return known.FirstOrDefault(option => Name(option) == name) ?? throw new SampleException(
            $"there is no option --{name}{DidYouMean(name, known.Select(Name), "--")}; --help lists all.");
    }

    private static IEnumerable<PropertyInfo> Options(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.SetMethod?.IsPublic == true || IsAnonymous(type))
        .Where(property => TypeOf(property).IsEnum || s_types.ContainsKey(TypeOf(property)));

    private static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__Anonymous", StringComparison.Ordinal);

    private static Type TypeOf(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    private static string Name(PropertyInfo property) => JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);

    private static object Convert(PropertyInfo option, string text)
    {
        var names = TypeOf(option).IsEnum ? Enum.GetNames(TypeOf(option)).ToDictionary(JsonNamingPolicy.KebabCaseLower.ConvertName) : [];
        var (wanted, parse) = s_types.GetValueOrDefault(TypeOf(option),
            ($"one of {string.Join(", ", names.Keys)}", _ => Enum.Parse(TypeOf(option), names.GetValueOrDefault(text, ""))));
        return Check.Explained(() => parse(text), _ => $"--{Name(option)} {text}: give {wanted}.");
    }

    private object? Positive(PropertyInfo option, object? given) => !Values.TryGetValue(Name(option), out var text) ? given
        : Convert(option, text) is var value && value is string or bool || System.Convert.ToDouble(value) > 0 ? value
        : throw new SampleException($"--{Name(option)} {text}: give a number above 0.");
}
