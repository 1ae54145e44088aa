using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>How a <c>Sequential</c> was shortened: its first modules are left, and a head behind them where it has one.</summary>
/// <param name="Keep">How many modules are left, at least 1.</param>
/// <param name="HeadName">The head's name among them; null without a head.</param>
/// <param name="Head">The head; null without one.</param>
internal sealed record SequentialCut(int Keep, string? HeadName, HeadShape? Head)
{
    private static readonly ConditionalWeakTable<Sequential, SequentialCut> Known = [];

    /// <summary>The number of modules after the cut.</summary>
    public int Count => Keep + (Head is null ? 0 : 1);

    /// <summary>How a module was shortened; null where it was not.</summary>
    public static SequentialCut? Of(nn.Module module) =>
        module is Sequential sequential && Known.TryGetValue(sequential, out var cut) ? cut : null;

    /// <summary>Remembers how a module was shortened, for as long as it lives; null if it is whole.</summary>
    public static void Remember(Sequential sequential, SequentialCut? cut)
    {
        if (cut is null)
            Known.Remove(sequential);
        else
            Known.AddOrUpdate(sequential, cut);
    }

    /// <summary>Whether a module has this form, whether a cut or its author made it so.</summary>
    public bool IsMetBy(Sequential sequential) =>
        sequential.Count == Count && (Head is null
            || (Head.IsMetBy((nn.Module)PlainSequential.Modules(sequential)[^1]) && PlainSequential.Names(sequential)[^1] == HeadName));
}
