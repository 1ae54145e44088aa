using System.Text.Json;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>A golden case of <c>Fixtures/Measures</c>: tensors by name, and what the formulas gave in numpy.</summary>
internal sealed class MeasureCase
{
    private readonly JsonElement _root;

    private MeasureCase(JsonElement root) => _root = root;

    /// <summary>The cases of features with labels, a weight and a bias.</summary>
    public static string[] Names { get; } =
    [
        "balanced", "imbalanced", "more-classes-than-features", "classes-100", "classes-1000", "offset-1e3", "offset-1e6", "near-dual",
        "absent-classes",
        "collapsed", "two-close-means", "relu", "dead-layer", "singletons",
    ];

    public JsonElement Expected => _root.GetProperty("expected");

    /// <summary>A tensor of the current scope, in the type in which it was written.</summary>
    public Tensor this[string name]
    {
        get
        {
            var entry = _root.GetProperty(name);
            var shape = entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
            var bytes = entry.GetProperty("base64").GetBytesFromBase64();
            return entry.GetProperty("dtype").GetString() switch
            {
                "float32" => tensor(Cast<float>(bytes), shape),
                "float64" => tensor(Cast<double>(bytes), shape),
                _ => tensor(Cast<long>(bytes), shape),
            };
        }
    }

    public static MeasureCase Load(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Measures",
            name + ".json")));
        return new MeasureCase(document.RootElement.Clone());
    }

    /// <summary>A number that was expected; null where there is none.</summary>
    public double? Number(string name) =>
        Expected.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.GetDouble() : null;

    public double[] Numbers(string name) => [.. Expected.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private static T[] Cast<T>(byte[] bytes)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes).ToArray();
}
