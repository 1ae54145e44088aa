using System.Collections;
using System.Text.Json;

namespace EtfNet;

/// <summary>Dictionaries by text, and lists: the keys as a JSON list in the metadata, in their order, and each element under its
/// key.</summary>
/// <remarks>A mutable collection is filled anew. A read-only one of states or tensors has its elements filled in their place, and its keys
/// must be those that were saved; a read-only one of anything else is replaced.</remarks>
internal sealed class CollectionCodec : StateCodec
{
    private readonly Type _element;
    private readonly StateCodec _codec;
    private readonly bool _isList;
    private readonly bool _isMutable;

    private CollectionCodec(Type element, StateCodec codec, bool isList, bool isMutable, StateMember member)
    {
        (_element, _codec, _isList, _isMutable) = (element, codec, isList, isMutable);
        // With keys that may hold dots, two elements could otherwise claim one name.
        var leaves = codec.Leaves("*").Select(leaf => leaf[(leaf.LastIndexOf('*') + 1)..]).ToList();
        if (leaves.Any(leaf => leaf.Length > 0 && leaves.Count(other => other.EndsWith(leaf, StringComparison.Ordinal)) > 1))
            throw new InvalidOperationException($"The elements of {member.Member} have two members whose names end alike; rename one.");
    }

    public static CollectionCodec? Find(Type type, StateMember member)
    {
        if (!type.IsGenericType)
            return null;
        var (generic, arguments) = (type.GetGenericTypeDefinition(), type.GetGenericArguments());
        var isList = generic == typeof(List<>) || generic == typeof(IList<>) || generic == typeof(IReadOnlyList<>);
        var isMap = (generic == typeof(Dictionary<,>) || generic == typeof(IDictionary<,>) || generic == typeof(IReadOnlyDictionary<,>))
            && arguments[0] == typeof(string);
        var isMutable = generic != typeof(IReadOnlyList<>) && generic != typeof(IReadOnlyDictionary<,>);
        return isList || isMap ? new CollectionCodec(arguments[^1], For(arguments[^1], member), isList, isMutable, member) : null;
    }

    public override bool CanMerge(MergeRule rule) =>
        rule is MergeRule.Keep or MergeRule.ByType || (rule == MergeRule.Each && !_isList && _codec.CanMerge(Rule));

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions)
    {
        var elements = Elements(value).ToList();
        to.Add(name, JsonSerializer.Serialize([.. elements.Select(element => element.Key)], NamesJson.Readable));
        foreach (var (key, element) in elements)
            _codec.Capture(to, Named(name, key), element, null);
    }

    public override PendingValue? Read(StateReader from, string name, object? current)
    {
        if (from.FindText(name) is not { } text)
            return null;
        var keys = Keys(from, name, text);
        var inPlace = FillsInPlace(current);
        var now = inPlace ? Elements(current!).ToDictionary(element => element.Key, element => element.Value) : [];
        if (inPlace && (keys.FirstOrDefault(key => !now.ContainsKey(key)) ?? now.Keys.Except(keys).FirstOrDefault()) is { } odd)
            throw from.State.Error(
                Named(name, odd), now.ContainsKey(odd) ? "nothing was saved for it" : "it was saved, but is not there now",
                "Build what it is loaded into as it was built when the state was saved.");
        var elements = keys.Select(key => (Key: key, Value: Element(key))).ToList();
        return new PendingValue(keys, () => Fill(current, [.. elements.Select(element => (element.Key, element.Value.Take()))]));

        PendingValue Element(string key) =>
            _codec.Read(from, Named(name, key), now.GetValueOrDefault(key)) ?? throw from.Missing(Named(name, key));
    }

    public override string? MergeProblem(MergeRule rule, string name, object own, object other)
    {
        var mine = Elements(own).ToDictionary(element => element.Key, element => element.Value);
        return rule != MergeRule.Each ? null : Elements(other)
            .Where(element => mine.ContainsKey(element.Key))
            .Select(element => _codec.MergeProblem(Rule, Named(name, element.Key), mine[element.Key], element.Value))
            .FirstOrDefault(problem => problem is not null);
    }

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create)
    {
        if (rule != MergeRule.Each)
            return own;
        var mine = (IDictionary)own;
        foreach (var (key, element) in Elements(other).ToList())
            mine[key] = mine.Contains(key) ? _codec.Merge(Rule, mine[key]!, element, create) : _codec.Copy(element, create);
        return own;
    }

    public override object? Reset(object value, Type type) => value;

    public override IEnumerable<string> Leaves(string name) => [name, .. _codec.Leaves(name + ".*")];

    /// <summary>Whether the elements of a collection are filled where they are: those of a read-only one that can be.</summary>
    private bool FillsInPlace(object? current) => current is not null && !_isMutable && _codec is NestedCodec or TensorCodec;

    /// <summary>How two elements of one key merge: nested ones by their declaration, others are added.</summary>
    private MergeRule Rule => _codec.CanMerge(MergeRule.Each) ? MergeRule.Each : MergeRule.Sum;

    /// <summary>An element's name: always with a dot, as the key of a model that is itself a layer is empty.</summary>
    private static string Named(string name, string key) => $"{name}.{key}";

    private static List<string> Keys(StateReader from, string name, string text)
    {
        try
        {
            var keys = JsonSerializer.Deserialize(text, NamesJson.Readable);
            return keys is not null && !keys.Contains(null!) && keys.Distinct().Count() == keys.Count
                ? keys
                : throw from.Wrong(name, "its list of keys is null, or has a key twice or a null");
        }
        catch (JsonException exception)
        {
            throw from.Wrong(name, "it is not a JSON list of keys", exception);
        }
    }

    private IEnumerable<(string Key, object Value)> Elements(object collection)
    {
        if (_isList)
            return ((IEnumerable)collection).Cast<object>()
                .Select((element, index) => (index.ToString(System.Globalization.CultureInfo.InvariantCulture), element));
        return ((IEnumerable)collection).Cast<object>().Select(pair => ((string)Part(pair, "Key"), Part(pair, "Value")));

        static object Part(object pair, string name) => pair.GetType().GetProperty(name)!.GetValue(pair)!;
    }

    private object Fill(object? current, List<(string Key, object? Value)> read)
    {
        if (FillsInPlace(current))
            return current!;
        if (!_isMutable)
            current = null;
        if (_isList)
        {
            var list = (IList)(current ?? Activator.CreateInstance(typeof(List<>).MakeGenericType(_element))!);
            list.Clear();
            foreach (var (_, value) in read)
                list.Add(value);
            return list;
        }

        var map = (IDictionary)(current ?? Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), _element))!);
        map.Clear();
        foreach (var (key, value) in read)
            map.Add(key, value);
        return map;
    }
}
