using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>How a frame over patches is written: as any frame, with the channels and the kernel's size. Factors travel with the
/// weights.</summary>
internal static class PatchFrameFormat
{
    private const string Channels = "channels";
    private const string Kernel = "kernel";

    public static JsonObject Write(PatchFrame frame)
    {
        var json = SimplexEtfJson.Write(frame.Header);
        json[Channels] = frame.Patch.Channels;
        json[Kernel] = new JsonArray(frame.Patch.Height, frame.Patch.Width);
        return json;
    }

    /// <summary>Whether a frame is one over patches.</summary>
    public static bool IsPatchFrame(JsonObject json) => SimplexEtfJson.Checked(() => json.ContainsKey(Kernel));

    /// <exception cref="EtfStateException">Something is missing, of another version, or no frame over patches; the message names
    /// it.</exception>
    public static PatchFrame Read(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var header = SimplexEtfJson.Read(json);
        var frame = new PatchFrame(header, SimplexEtfJson.Checked(() => ReadPatch(json)));
        return frame.Problem() is { } problem ? throw SimplexEtfJson.Error($"it is not a frame over patches: {problem}") : frame;
    }

    private static PatchShape ReadPatch(JsonObject json)
    {
        if (json[Kernel] is not JsonArray { Count: 2 } sizes)
            throw SimplexEtfJson.Error($"'{Kernel}' is {json[Kernel]?.ToJsonString() ?? "missing"}, not [height, width]");
        return new PatchShape(SimplexEtfJson.Field<long>(json, Channels), Size(sizes[0]), Size(sizes[1]));

        long Size(JsonNode? node)
        {
            try
            {
                return node!.GetValue<long>();
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException or NullReferenceException)
            {
                throw SimplexEtfJson.Error($"'{Kernel}' is {sizes.ToJsonString()}, not [height, width]", e);
            }
        }
    }
}
