using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A change of a model's cuts to those of a state that is loaded; undone on dispose unless it was accepted.</summary>
internal sealed class CutChange : IDisposable
{
    private readonly WatchedLayers _watched;
    private readonly NccMonitor _monitor;
    private readonly IReadOnlyList<OptimizerHelper> _optimizers;
    private readonly StandingCut? _standing;
    private readonly StateSet _before;
    private PlannedCuts? _planned;
    private GoneLayers _gone = GoneLayers.None;
    private bool _isAccepted;
    private bool _wentBack;

    /// <param name="watched">The watched layers.</param>
    /// <param name="monitor">What measures them.</param>
    /// <param name="optimizers">The model's optimizers.</param>
    /// <param name="standing">The current cut, if it can be reverted; null for none.</param>
    public CutChange(WatchedLayers watched, NccMonitor monitor, IReadOnlyList<OptimizerHelper> optimizers, StandingCut? standing)
    {
        (_watched, _monitor, _optimizers, _standing) = (watched, monitor, optimizers, standing);
        _before = monitor.Capture().Hold();
    }

    /// <summary>Reverts the current cut, and cuts the model as planned; the heads have no numbers yet.</summary>
    /// <exception cref="ArgumentException">The plan does not fit the model: dispose this to undo what was done.</exception>
    public void Make(TorchSharp.torch.nn.Module model, IReadOnlyList<PlannedCut> plan)
    {
        _standing?.Tail.Return(_optimizers);
        _wentBack = _standing is not null;
        _planned = PlannedCuts.Apply(model, plan, _optimizers);
        _gone = _watched.FollowModel(_optimizers, _standing?.Gone ?? GoneLayers.None);
        _monitor.FollowModel();
    }

    /// <summary>Keeps the model as it is now.</summary>
    /// <returns>The current cut, if it can be reverted; null for none.</returns>
    public StandingCut? Accept()
    {
        _isAccepted = true;
        if (_wentBack)
        {
            // A fixed head cannot be restored.
            foreach (var fix in _gone.AllFixes.Except(_standing!.Gone.AllFixes))
                fix.Release();
            _standing.Tail.EndReturn();
        }

        return _planned?.Keep() is { } tail ? new StandingCut(tail, _gone) : null;
    }

    public void Dispose()
    {
        if (_isAccepted)
            return;
        _planned?.Dispose();
        if (_wentBack)
            _standing!.Tail.UndoReturn(_optimizers);
        _watched.FollowModel(_optimizers, _gone);
        _monitor.FollowModel();
        _monitor.Load(_before);
    }
}
