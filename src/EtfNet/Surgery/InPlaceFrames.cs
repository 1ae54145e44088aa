using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Remembers which linear layers were fixed in place, and as what, for as long as the layers live.</summary>
internal static class InPlaceFrames
{
    private static readonly ConditionalWeakTable<Linear, SimplexEtf> Frames = [];

    public static void Add(Linear layer, SimplexEtf etf) => Frames.AddOrUpdate(layer, etf);

    public static void Remove(Linear layer) => Frames.Remove(layer);

    public static bool TryGet(Linear layer, [NotNullWhen(true)] out SimplexEtf? etf) => Frames.TryGetValue(layer, out etf);
}
