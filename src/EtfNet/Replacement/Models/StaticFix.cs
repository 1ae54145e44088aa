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
        var all = LayerTarget.All(model);
        var names = all.Count == 0 ? "none that is not fixed already" : string.Join(", ", all.Select(target => target.Name));
        foreach (var pattern in patterns)
            if (!all.Any(target => NamePattern.Matches(pattern, target.Name)))
                throw new ArgumentException($"No trainable linear layer matches '{pattern}'. There are: {names}.", nameof(patterns));
        if (patterns.Count == 0)
            throw new ArgumentException($"No layer was named. There are: {names}.", nameof(patterns));

        var chosen = all.Where(target => NamePattern.MatchesAny(patterns, target.Name)).Select(target => target.Obstacle is { } obstacle
            ? throw new ArgumentException($"Layer '{target.Name}' cannot be fixed: {obstacle}.", nameof(patterns))
            : (Target: target, Etf: choose(target))).ToList();
        return [.. chosen.Select(one => LayerFix.Commit(model, one.Target, one.Etf, null, optimizers, keepOld: false))];
    }

    /// <summary>The frame for a layer whose data is not known.</summary>
    /// <exception cref="ArgumentException">The layer has no such frame, or the frame needs data.</exception>
    public static SimplexEtf FrameFor(EtfFrame frame, string path, Tensor weight)
    {
        try
        {
            return frame.Kind switch
            {
                EtfFrameKind.Nearest => SimplexEtf.NearestTo(weight, frame.AllowsColumns),
                EtfFrameKind.Aligned => throw new ArgumentException($"{frame} needs the layer's inputs to align with, which only ApplyAdaptiveEtf sees; choose Nearest, Identity or Random.", nameof(frame)),
                _ => SimplexEtf.Create(frame, weight.shape[0], weight.shape[1]),
            };
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"Layer '{path}': {Words.Plain(exception)}", nameof(frame), exception);
        }
    }
}
