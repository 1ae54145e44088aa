using System.Runtime.ExceptionServices;
using System.Text;

namespace EtfNet;

/// <summary>Tells all ranks if something fails on some of them, so that none waits in vain.</summary>
internal static class RankOutcome
{
    /// <summary>Runs an action that may fail on some ranks, and returns only if it failed on none.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="action">What this rank does; it makes no call of the group.</param>
    /// <param name="purpose">What it is for; the same on all ranks.</param>
    /// <exception cref="CollectiveException">It failed on other ranks, which get their own exception; the message holds it.</exception>
    public static void Require(ICollective group, Action action, string purpose)
    {
        Exception? own = null;
        try
        {
            action();
        }
        catch (Exception exception) when (exception is not CollectiveException)
        {
            own = exception;
        }

        double[] failed = [own is null ? 0 : 1];
        group.Sum(failed, purpose);
        if (failed[0] == 0)
            return;
        var texts = RankGather.All(
            group, own is null ? [] : Encoding.UTF8.GetBytes(RankFailure.Of(group.Rank, own).Message), $"failures of {purpose}");
        if (own is not null)
            ExceptionDispatchInfo.Throw(own);
        int[] ranks = [.. Enumerable.Range(0, group.Size).Where(rank => texts[rank].Length > 0)];
        throw new CollectiveException(
            CollectiveError.RankFailed, ranks, string.Join(" ", ranks.Select(rank => Encoding.UTF8.GetString(texts[rank]))));
    }
}
