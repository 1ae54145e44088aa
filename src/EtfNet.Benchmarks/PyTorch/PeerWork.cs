using System.Text.Json.Nodes;

namespace EtfNet.Benchmarks.PyTorch;

/// <summary>A piece of work that <c>peers/peers.py</c> knows, and its shape.</summary>
/// <param name="Work">The name that the script gives it.</param>
/// <param name="Like">Our method that does the same.</param>
/// <param name="Shape">Samples, width and classes, or batch and width.</param>
internal sealed record PeerWork(string Work, string Like, params (string Name, int Value)[] Shape)
{
    public JsonObject Request()
    {
        var request = new JsonObject { ["work"] = Work };
        foreach (var (name, value) in Shape)
            request[name] = value;
        return request;
    }
}
