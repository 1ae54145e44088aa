namespace EtfNet;

/// <summary>Judges, by numbers alone, whether an epoch's fixes have cost too much.</summary>
internal sealed class FixGuard(FixGuardOptions options)
{
    private readonly List<Trial> _trials = [];

    /// <summary>The epochs whose fixes are still on trial, oldest first.</summary>
    public IReadOnlyList<Trial> Trials => _trials;

    /// <summary>Takes in an epoch's loss (lower is better) or accuracy, and says which trials are over and how they ended, the last
    /// fixed first.</summary>
    /// <param name="epoch">The epoch that ended.</param>
    /// <param name="cost">The loss, or the accuracy with its sign changed.</param>
    public IReadOnlyList<(int Epoch, bool TakeBack, double Cost)> Judge(int epoch, double cost)
    {
        var over = new List<(int, bool, double)>();
        for (var i = _trials.Count - 1; i >= 0; i--)
        {
            var trial = _trials[i] = _trials[i] with { BestSince = Math.Min(_trials[i].BestSince, cost) };
            if (epoch - trial.Epoch < options.GraceEpochs)
                continue;
            var worse = trial.BestSince - trial.CostBefore;
            // Written so that a loss that is not a number counts as worse.
            over.Add((trial.Epoch, !(worse <= options.Tolerance), worse));
            _trials.RemoveAt(i);
        }

        return over;
    }

    /// <summary>Puts an epoch's fixes on trial.</summary>
    /// <param name="epoch">The epoch at whose end layers were fixed.</param>
    /// <param name="costBefore">That epoch's cost, measured before the fix.</param>
    public void Begin(int epoch, double costBefore) => _trials.Add(new Trial(epoch, costBefore, double.PositiveInfinity));

    /// <summary>Ends the trial of an epoch.</summary>
    public void End(int epoch) => _trials.RemoveAll(trial => trial.Epoch == epoch);

    /// <summary>Ends all trials: what is fixed stays.</summary>
    public void Clear() => _trials.Clear();

    internal sealed record Trial(int Epoch, double CostBefore, double BestSince);
}
