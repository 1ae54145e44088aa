namespace EtfNet;

/// <summary>A fixed layer as plans and files write it.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Header">The frame, but for its factors, which travel with the weights.</param>
/// <param name="InPlace">Whether its weight stays in the layer's own module.</param>
internal sealed record PlannedLayer(string Name, SimplexEtfHeader Header, bool InPlace)
{
    /// <summary>Whether a module stands fixed as this says.</summary>
    public bool IsMetBy(TorchSharp.torch.nn.Module? module) =>
        module is not null && FixedModules.HeaderOf(module) is { } header && module is not IFixedLayer == InPlace
            && header.Signature == Header.Signature;
}
