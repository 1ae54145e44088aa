using System.Text.Json;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>A golden case of <c>Fixtures</c>: features, labels, a classifier, and what float64 brute force found.</summary>
internal sealed class GoldenCase : IDisposable
{
    public static readonly string[] Names =
        ["collapsed", "imbalanced", "large-offset", "missing-class", "more-classes-than-features", "singleton-class"];

    private readonly JsonElement _expected;

    private GoldenCase(JsonElement root)
    {
        _expected = root.GetProperty("expected");
        Features = Matrix(root.GetProperty("features"));
        Weight = Matrix(root.GetProperty("weight"));
        Bias = tensor(root.GetProperty("bias").EnumerateArray().Select(value => value.GetSingle()).ToArray());
        Labels = tensor(root.GetProperty("labels").EnumerateArray().Select(value => value.GetInt64()).ToArray());
        ClassCount = root.GetProperty("num_classes").GetInt32();
    }

    public Tensor Features { get; }

    public Tensor Labels { get; }

    public Tensor Weight { get; }

    public Tensor Bias { get; }

    public int ClassCount { get; }

    public double this[string name] => _expected.GetProperty(name).GetDouble();

    public long[] Counts => [.. _expected.GetProperty("class_counts").EnumerateArray().Select(value => value.GetInt64())];

    public double[] Mean(int c) => [.. _expected.GetProperty("class_means")[c].EnumerateArray().Select(value => value.GetDouble())];

    public static GoldenCase Load(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", name + ".json")));
        return new GoldenCase(document.RootElement.Clone());
    }

    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        Weight.Dispose();
        Bias.Dispose();
    }

    private static Tensor Matrix(JsonElement rows)
    {
        var values = rows.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetSingle())).ToArray();
        return tensor(values).reshape(rows.GetArrayLength(), -1).MoveToOuterDisposeScope();
    }
}
