namespace EtfNet;

/// <summary>A shortened <c>Sequential</c> as JSON has it.</summary>
/// <param name="Sequential">Its path in the model; empty for the model itself.</param>
/// <param name="Keep">How many of its modules are left.</param>
/// <param name="Head">The head behind them; null without one.</param>
internal sealed record CutEntry(string Sequential, int Keep, CutHeadEntry? Head)
{
    // Above this a head takes four gigabytes: no file of a model has one.
    private const long MostNumbers = 1L << 30;

    public static CutEntry From(PlannedCut plan) => new(
        plan.Path, plan.Cut.Keep,
        plan.Cut.Head is { } head ? new CutHeadEntry(plan.Cut.HeadName!, head.Width, head.Classes, head.Pooling.ToString()) : null);

    /// <exception cref="EtfStateException">What <paramref name="error"/> makes: the entry is no cut.</exception>
    public PlannedCut ToPlan(Func<string, EtfStateException> error)
    {
        if (Sequential is null)
            throw error("it has a cut without the name of a Sequential");
        if (Keep < 1)
            throw error($"the cut keeps {Keep} modules");
        if (Head is null)
            return new PlannedCut(Sequential, new SequentialCut(Keep, null, null));
        if (string.IsNullOrWhiteSpace(Head.Name) || Head.Name.Contains('.', StringComparison.Ordinal))
            throw error("the cut's head has no name that a module can have");
        if (Head.Width < 1 || Head.Classes < 2 || (long)Head.Width * Head.Classes > MostNumbers)
            throw error($"the cut's head of {Head.Classes} x {Head.Width} numbers is impossible");
        return Enum.TryParse<FeaturePooling>(Head.Pooling, out var pooling) && Enum.IsDefined(pooling) && pooling != FeaturePooling.Auto
            ? new PlannedCut(Sequential, new SequentialCut(Keep, Head.Name, new HeadShape(Head.Width, Head.Classes, pooling)))
            : throw error($"the cut's head has no known pooling ({Head.Pooling})");
    }
}

/// <summary>A head as JSON has it.</summary>
internal sealed record CutHeadEntry(string Name, int Width, int Classes, string Pooling);
