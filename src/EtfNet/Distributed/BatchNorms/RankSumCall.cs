namespace EtfNet;

/// <summary>One sum over the ranks that a gradient flows through.</summary>
/// <param name="Ranks">The ranks.</param>
/// <param name="Purpose">What the sum is for, as messages name it.</param>
/// <param name="Weight">The weight that this rank's gradients will have in the reduction, at least 0.</param>
/// <param name="Failed">Takes what went wrong in a backward pass, where it cannot be thrown.</param>
internal sealed record RankSumCall(ICollective Ranks, string Purpose, double Weight, Action<Exception> Failed);
