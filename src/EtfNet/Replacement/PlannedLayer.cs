using System.Text.Json.Nodes;
using TorchSharp;

namespace EtfNet;

/// <summary>A fixed layer as plans and files write it.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Header">The frame, except for its factors, which travel with the weights.</param>
/// <param name="Patch">What a patch holds, for a convolution; null for a linear layer.</param>
/// <param name="InPlace">Whether its weight stays in the layer's own module.</param>
internal sealed record PlannedLayer(string Name, SimplexEtfHeader Header, PatchShape? Patch, bool InPlace)
{
    /// <summary>The frame in words, except for its scale.</summary>
    public string Signature => Patch is { } patch ? $"{Header.Signature} over patches of {patch}" : Header.Signature;

    /// <summary>How a fixed layer of a model stands.</summary>
    public static PlannedLayer Of(string name, torch.nn.Module layer) =>
        new(name, FixedModules.HeaderOf(layer)!, FixedModules.PatchOf(layer), layer is not IFixedLayer);

    /// <exception cref="EtfStateException">It is no frame; the message says why.</exception>
    public static PlannedLayer Read(string name, JsonObject frame, bool inPlace)
    {
        if (!PatchFrameFormat.IsPatchFrame(frame))
            return new PlannedLayer(name, SimplexEtfJson.Read(frame), null, inPlace);
        var (header, patch) = PatchFrameFormat.Read(frame);
        return new PlannedLayer(name, header, patch, inPlace);
    }

    /// <summary>The frame as a plan has it.</summary>
    public JsonObject ToJson() =>
        Patch is { } patch ? PatchFrameFormat.Write(new PatchFrame(Header, patch)) : SimplexEtfJson.Write(Header);

    /// <summary>Whether a module stands fixed as this says.</summary>
    public bool IsMetBy(torch.nn.Module? module) =>
        module is not null && FixedModules.HeaderOf(module) is not null && Of(Name, module) is var now
            && (now.InPlace, now.Signature) == (InPlace, Signature);
}
