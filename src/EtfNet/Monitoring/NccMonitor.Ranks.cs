using System.Globalization;

namespace EtfNet;

/// <content>The statistics of several ranks.</content>
public sealed partial class NccMonitor
{
    private const string Purpose = "statistics of an epoch";

    /// <summary>Adds what all ranks gathered in the running epoch. Afterwards all of them hold the same bits.</summary>
    /// <remarks>Rank 0 merges, rank by rank, and gives the sum to the others: each holds one other rank's statistics at a time.</remarks>
    /// <exception cref="InvalidOperationException">Labels of this rank were out of range.</exception>
    /// <exception cref="CollectiveException">
    /// The monitors differ, labels came on some ranks only, or something failed on another rank. Nothing was merged.
    /// </exception>
    internal void MergeRanks(ICollective group)
    {
        if (group.Size == 1)
            return;
        RankOutcome.Require(group, ThrowIfLabelsWereOutside, Purpose);
        RankAgreement.Require(group, Facts(), "monitors");
        if (group.Rank == 0)
        {
            using var before = new MemoryStream();
            Save(before);
            var failure = Enumerable.Range(1, group.Size - 1).Select(rank => MergeRank(group, rank)).ToList()
                .Find(problem => problem is not null);
            if (failure is not null)
            {
                before.Position = 0;
                Load(before);
            }

            // Batches are numbered per rank, and all ranks score the batches of the same numbers.
            foreach (var layer in _state.Layers.Values.Where(_ => failure is null))
                layer.Batches = (layer.Batches + (group.Size / 2)) / group.Size;
            RankBroadcast.Send(group, failure is null ? Save : _ => throw failure, Purpose);
            return;
        }

        for (var rank = 1; rank < group.Size; rank++)
            if (rank == group.Rank)
                RankBroadcast.Send(group, Save, Purpose);
            else
                RankBroadcast.Receive(group, rank, _ => true, Purpose);
        Load(new MemoryStream(RankBroadcast.Receive(group, 0, Bytes, Purpose)));
    }

    private ArgumentException? MergeRank(ICollective group, int rank)
    {
        try
        {
            Merge(new MemoryStream(RankBroadcast.Receive(group, rank, Bytes, Purpose)));
            return null;
        }
        catch (ArgumentException exception)
        {
            return new ArgumentException($"The statistics of rank {rank} do not fit those of rank 0. {exception.Message}", exception);
        }
    }

    private List<NamedFingerprint> Facts()
    {
        var hasLabels = _state.Layers.Values.Any(layer => layer.Width is not null);
        return
        [
            new("epoch", 0, _state.Epoch.ToString(CultureInfo.InvariantCulture)),
            new("labels", 0, hasLabels ? "observed" : "never observed"),
            new(nameof(NccMonitorOptions.Seed), 0, _options.Seed.ToString(CultureInfo.InvariantCulture)),
            new(nameof(NccMonitorOptions.ScoreEvery), 0, _options.ScoreEvery.ToString(CultureInfo.InvariantCulture)),
            new(nameof(NccMonitorOptions.MinimumScored), 0, _options.MinimumScored.ToString(CultureInfo.InvariantCulture)),
            new(nameof(NccMonitorOptions.LeaveOneOut), 0, _options.LeaveOneOut.ToString()),
            new(nameof(NccMonitorOptions.Metrics), 0, _options.Metrics.ToString()),
            .. _taps.Keys.Select(layer => new NamedFingerprint(layer, 0, "watched")),
        ];
    }

    private static byte[] Bytes(Stream stream)
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
