using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Fixes layers by name, without looking at data.</summary>
internal static class StaticFix
{
    /// <exception cref="ArgumentException">A pattern matches nothing, or a layer has no such frame; nothing was changed.</exception>
    public static IReadOnlyList<LayerFix> Run(
        nn.Module model, IReadOnlyList<string> patterns, Func<LayerTarget, SimplexEtf> choose, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var chosen = Choose(model, patterns, optimizers);
        var etfs = chosen.ConvertAll(target => choose(target));
        var fixes = new List<LayerFix>();
        try
        {
            foreach (var (target, etf) in chosen.Zip(etfs))
                fixes.Add(LayerFix.Prepare(model, target, etf, null));
        }
        catch
        {
            fixes.ForEach(fix => fix.Discard());
            throw;
        }

        LayerFix.Apply(fixes, optimizers, keepOld: false);
        return fixes;
    }

    /// <summary>The frame for a layer whose data is not known.</summary>
    /// <exception cref="ArgumentException">The layer has no such frame, or the frame needs data.</exception>
    public static SimplexEtf FrameFor(EtfFrame frame, LayerTarget target)
    {
        try
        {
            var layer = target.Fixable;
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return frame.Kind switch
            {
                EtfFrameKind.Nearest => SimplexEtf.NearestTo(layer.WeightMatrix(), frame.AllowsColumns),
                EtfFrameKind.Aligned => throw new ArgumentException(
                    $"{frame} needs the layer's inputs to align with, which only ApplyAdaptiveEtf sees; "
                    + "choose Nearest, Identity or Random.",
                    nameof(frame)),
                _ => SimplexEtf.Create(frame, layer.Matrix.Rows, layer.ColumnsOf(frame)),
            };
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"Layer '{target.Name}': {Words.Plain(exception)}", nameof(frame), exception);
        }
    }

    private static List<LayerTarget> Choose(nn.Module model, IReadOnlyList<string> patterns, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var all = LayerTarget.All(model);
        var names = all.Count == 0 ? "none that is not fixed already" : string.Join(", ", all.Select(target => Words.Layer(target.Name)));
        foreach (var pattern in patterns)
            if (!all.Any(target => NamePattern.Matches(pattern, target.Name)))
                throw new ArgumentException(
                    Unfixable(model, pattern) ?? $"No trainable linear or convolution layer matches '{pattern}'. There are: {names}.",
                    nameof(patterns));
        if (patterns.Count == 0)
            throw new ArgumentException($"No layer was named. There are: {names}.", nameof(patterns));

        var chosen = all.Where(target => NamePattern.MatchesAny(patterns, target.Name)).ToList();
        foreach (var target in chosen)
        {
            if (target.WhyNot(optimizers) is { } obstacle)
                throw new ArgumentException($"Layer '{target.Name}' cannot be fixed: {obstacle}.", nameof(patterns));
            if (target.TiedWith.FirstOrDefault(name => !chosen.Exists(other => other.Name == name)) is { } left)
                throw new ArgumentException(
                    $"Layer '{target.Name}' shares its weight with '{left}': name both to fix them together.", nameof(patterns));
        }

        return chosen;
    }

    /// <summary>Why no frame can replace a convolution that a pattern names; null if the pattern names none of that kind.</summary>
    private static string? Unfixable(nn.Module model, string pattern) =>
        (from node in ModuleTree.Walk(model)
         where node.Module is Convolution && NamePattern.Matches(pattern, node.Path)
         let obstacle = ConvWindow.Obstacle((Convolution)node.Module)
         where obstacle is not null
         select $"Layer '{node.Path}' cannot be fixed: {obstacle}.").FirstOrDefault();
}
