using System.Globalization;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What must be the same on all ranks at the end of an epoch.</summary>
internal static class RankFacts
{
    /// <summary>How an epoch ends.</summary>
    public static List<NamedFingerprint> OfEpoch(int epoch, int observed, int optimizers, bool hasBatches, double? cost) =>
    [
        new("epoch", 0, epoch.ToString(CultureInfo.InvariantCulture)),
        new("observed batches", 0, observed.ToString(CultureInfo.InvariantCulture)),
        new("cost", 0, cost is not { } value ? "none" : double.IsNegative(value) ? "an accuracy (or a negative loss)" : "a loss"),
        new("decision", 0, hasBatches ? "batches given to EndEpoch" : "the observed batches"),
        new("optimizers", 0, optimizers.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Which layers are fixed, and how.</summary>
    public static List<NamedFingerprint> OfPlan(nn.Module model) =>
    [
        .. FixedModules.Of(model)
            .Select(layer => new NamedFingerprint(layer.Name, 0, layer.Signature + (layer.InPlace ? " in place" : ""))),
    ];

    /// <summary>What training changes without gradients: the running statistics of batch norms.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> Buffers(nn.Module model) =>
        from node in ModuleTree.Walk(model)
        where node.Module is not IFixedLayer
        from buffer in node.Module.named_buffers(recurse: false)
        select (EntryName.Join(node.Path, buffer.name), buffer.buffer);
}
