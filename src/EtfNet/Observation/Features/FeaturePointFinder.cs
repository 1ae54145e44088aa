using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Finds, in a <c>Sequential</c>, the normalization and activation that belong to a layer.</summary>
internal static class FeaturePointFinder
{
    private const string OwnOutput = "own output";

    // Softmax and its kin are not here: what comes behind them is the model's prediction, not a feature.
    private static readonly HashSet<Type> Activations =
    [
        typeof(CELU), typeof(ELU), typeof(GELU), typeof(GLU), typeof(Hardshrink), typeof(Hardsigmoid), typeof(Hardswish), typeof(Hardtanh),
        typeof(LeakyReLU), typeof(LogSigmoid), typeof(Mish), typeof(PReLU), typeof(RReLU), typeof(ReLU), typeof(ReLU6), typeof(SELU),
        typeof(SiLU), typeof(Sigmoid), typeof(Softplus), typeof(Softshrink), typeof(Softsign), typeof(Tanh), typeof(Tanhshrink),
        typeof(Threshold),
    ];

    public static TapPoint Find(ModuleNode layer, IReadOnlyList<ModuleNode> nodes, FeaturePoint option)
    {
        var followers = Followers(layer);
        var last = 0;
        if (option == FeaturePoint.Auto)
            while (last < followers.Count && BelongsToLayer(followers[last]) && !IsShared(followers[last], nodes))
                last++;

        var channels = layer.Module is Convolution convolution ? convolution.out_channels : 0;
        while (last > 0 && LeavesNoMeans(followers[last - 1], channels))
            last--;

        // A module that several layers share fires for all of them; and one that works in place overwrites what was kept before it.
        var overwritten = last < followers.Count && WorksInPlace(followers[last]);
        return last == 0
            ? new TapPoint(layer.Module, OwnOutput, overwritten)
            : new TapPoint(
                followers[last - 1], "after " + string.Join(", ", followers.Take(last).Select(module => module.GetType().Name)),
                overwritten);
    }

    /// <summary>Whether a norm makes the spatial mean of each of some channels the same for all samples: then it is no feature.</summary>
    public static bool LeavesNoMeans(nn.Module module, long channels) =>
        module is InstanceNorm || (module is GroupNorm group && group.num_groups == channels);

    /// <summary>The modules that a plain Sequential calls after the layer; none for a tied layer, which has several places.</summary>
    private static List<nn.Module> Followers(ModuleNode layer)
    {
        if (layer.Parent is not Sequential parent || layer.Aliases.Count > 0 || CallsItsOwnWay(parent))
            return [];
        var children = parent.named_children().Select(child => child.module);
        return [.. children.SkipWhile(module => !ReferenceEquals(module, layer.Module)).Skip(1)];
    }

    private static bool CallsItsOwnWay(Sequential sequential) =>
        sequential.GetType().GetMethod(nameof(Sequential.forward), [typeof(Tensor)])?.DeclaringType != typeof(Sequential);

    private static bool BelongsToLayer(nn.Module module) =>
        module is NormBase or LayerNorm or GroupNorm or LocalResponseNorm or Identity || Activations.Contains(module.GetType());

    private static bool IsShared(nn.Module module, IReadOnlyList<ModuleNode> nodes) =>
        nodes.Any(node => ReferenceEquals(node.Module, module) && node.Aliases.Count > 0);

    private static bool WorksInPlace(nn.Module module) => module.GetType().GetProperty("inplace")?.GetValue(module) is true;
}
