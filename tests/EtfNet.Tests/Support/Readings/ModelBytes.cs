using TorchSharp;

namespace EtfNet.Tests.Support;

/// <summary>A model's parameters and buffers, for comparison bit by bit.</summary>
internal static class ModelBytes
{
    /// <summary>Name, type and bytes of every parameter and buffer.</summary>
    public static IReadOnlyList<string> Of(torch.nn.Module model) =>
    [
        .. model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => $"{entry.Key} {entry.Value.dtype} {Hex(entry.Value)}"),
    ];

    private static string Hex(torch.Tensor tensor)
    {
        using var bytes = new MemoryStream();
        new LiveTensor(tensor).Read(bytes.Write);
        return Convert.ToHexString(bytes.ToArray());
    }
}
