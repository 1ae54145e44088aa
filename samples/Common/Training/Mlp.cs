using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace EtfNet.Samples;

/// <summary>The paper's network: hidden layers of one width and a head, in one flat <c>Sequential</c>.</summary>
public sealed record Mlp(int Width, int HiddenLayers, bool BatchNorm = true)
{
    /// <summary>The names of its linear layers, first to last: <c>linear1</c>, <c>linear2</c>, ..., <c>head</c>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> LayerNames => [.. Enumerable.Range(1, HiddenLayers).Select(i => $"linear{i}"), "head"];

    public override string ToString() => $"{HiddenLayers} hidden layers of {Width}, {(BatchNorm ? "batch norm" : "no batch norm")}";

    /// <summary>Builds it; the weights come from torch's global generator.</summary>
    public Module<Tensor, Tensor> Create(int inputs, int classes)
    {
        var parts = new List<(string, Module<Tensor, Tensor>)>();
        var width = inputs;
        for (var i = 1; i <= HiddenLayers; i++)
        {
            parts.Add(($"linear{i}", Linear(width, Width)));
            if (BatchNorm)
                parts.Add(($"norm{i}", BatchNorm1d(Width)));
            parts.Add(($"relu{i}", ReLU()));
            width = Width;
        }

        parts.Add(("head", Linear(width, classes)));
        return Sequential(parts);
    }
}
