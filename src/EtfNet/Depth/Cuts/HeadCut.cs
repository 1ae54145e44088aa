using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Prepares cuts: everything that can fail, and no change of the model.</summary>
internal static class HeadCut
{
    /// <summary>A cut whose tail a closed-form head replaces.</summary>
    /// <exception cref="ArgumentException">The model cannot be cut there, or the head does not fit.</exception>
    public static TailCut Prepare(nn.Module model, string cut, DepthHead head)
    {
        if (head.Layer != cut)
            throw new ArgumentException(
                $"The head was fitted behind '{head.Layer}', not behind '{cut}': use that layer's own head.", nameof(head));
        var nodes = ModuleTree.Walk(model);
        if (!nodes.Any(node => node.Path == cut))
            throw Unknown(nodes, cut);
        var (place, obstacle) = CutPlace.Behind(nodes, head.Place.Point, head.Place.Whole);
        if (place is null)
            throw new ArgumentException($"The model cannot be cut behind '{cut}': {obstacle}.", nameof(cut));
        RequireUnshared(model, place, cut);
        if (Mismatch(nodes, head, place) is { } mismatch)
            throw new ArgumentException($"The head does not fit behind '{cut}': {mismatch}.", nameof(head));
        var parent = nodes.First(node => node.Path == head.Place.Point).Parent!;
        var placement = LayerPlacement.Of(parent, model, new LayerPlacement(ScalarType.Float32, CPU));
        var outer = place.Containers[0];
        var module = head.CreateModule(placement.Dtype, placement.Device);
        return new TailCut(
            model,
            [
                new ContainerCut(outer, ContainerCut.NameFor(outer), head.Shape, module),
                .. place.Containers.Skip(1).Select(inner => new ContainerCut(inner, null, null, null)),
            ]);
    }

    /// <summary>
    /// Checks that only the shortened containers hold what is removed: if other objects do, a skip connection may bypass the cut.
    /// </summary>
    /// <exception cref="ArgumentException">Other objects do.</exception>
    public static void RequireUnshared(nn.Module model, CutPlace place, string cut)
    {
        // A hook that refers to a module of the tail is removed with it.
        foreach (var slots in SlotFinder.Find(model, place.Leaving).Values.Select(
            slots => slots.Where(slot => !slot.Where.Contains("_hooks", StringComparison.Ordinal)).ToList()))
            if (slots.Count > 1)
                throw new ArgumentException(
                    $"The model cannot be cut behind '{cut}': what follows it is used by more than one part of the model "
                    + $"({string.Join(" and ", slots.Select(slot => slot.Where))}), so a skip connection may bypass the cut.",
                    nameof(cut));
    }

    public static ArgumentException Unknown(IReadOnlyList<ModuleNode> nodes, string cut) => new(
        $"The model has no '{cut}' to cut behind. It has: "
        + $"{string.Join(", ", nodes.Where(node => PlainSequential.Of(node.Parent) is not null).Select(node => node.Path))}.",
        nameof(cut));

    /// <summary>Why the head's width does not fit the layers on both sides of the cut; null if it fits.</summary>
    private static string? Mismatch(IReadOnlyList<ModuleNode> nodes, DepthHead head, CutPlace place)
    {
        if (head.Shape.Pooling is FeaturePooling.Flatten)
            return null;
        var width = nodes.First(node => node.Path == head.Layer).Module switch
        {
            Linear linear => linear.out_features,
            SimplexEtfLinear linear => linear.OutFeatures,
            Convolution convolution => convolution.out_channels,
            SimplexEtfConvolution convolution => convolution.OutChannels,
            _ => (long?)null,
        };
        if (width is { } own && own != head.Width)
            return $"it takes {Words.Count(head.Width, "feature")}, but the layer gives {own}";
        return place.Leaving.First() is Linear { in_features: var next } && head.Shape.IsPlain && next != head.Width
            ? $"it takes {Words.Count(head.Width, "feature")}, but {next} arrive there"
            : null;
    }
}
