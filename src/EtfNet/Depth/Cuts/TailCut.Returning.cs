using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Undoing a cut, and the optimizers that come and go meanwhile.</content>
internal sealed partial class TailCut
{
    private List<LeavingParameter> _headParameters = [];
    private List<nn.Module> _stood = [];
    private bool _wasReleased;

    /// <summary>The parameters of the tail.</summary>
    public IEnumerable<Parameter> LeftParameters => _parameters.Select(one => one.Parameter);

    /// <summary>Whether one of some optimizers trains something of the tail, so that it would train a head.</summary>
    public bool IsTrainedBy(IReadOnlyList<OptimizerHelper> optimizers) => optimizers
        .SelectMany(optimizer => TorchSharpInternals.Groups(optimizer))
        .Any(group => _parameters.Exists(one => ParameterOrder.Holds(group, one.Parameter)));

    /// <summary>Puts everything back as it was; the head is disposed.</summary>
    public void Revert()
    {
        Return([.. _optimizers.Where(optimizer => !OptimizerStates.IsDisposed(optimizer))]);
        EndReturn();
    }

    /// <summary>
    /// Puts the tail back: as it was, or with zeros to be filled where it was released. What stood in its place is kept until
    /// <see cref="EndReturn"/> or <see cref="UndoReturn"/>.
    /// </summary>
    /// <param name="known">The optimizers as they are now.</param>
    public void Return(IReadOnlyList<OptimizerHelper> known)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _unwatch.ForEach(remove => remove());
        _unwatch.Clear();
        // If applying failed halfway, part of the tail is still in its place.
        _stood = [.. _containers.SelectMany(container => container.Standing).Except(Leaving)];
        _headParameters = LeavingParameter.Of(_stood, new HashSet<IntPtr>());
        foreach (var parameter in _headParameters)
            foreach (var optimizer in known)
                parameter.Leave(optimizer);
        var placement = PlacementOf(_model);
        foreach (var container in _containers)
            container.Revert();
        foreach (var module in Leaving)
        {
            if (!IsSame(placement, _placement))
                module.to(placement.Device, placement.Dtype);
            if (_model.training != _wasTraining)
                module.train(_model.training);
        }

        foreach (var parameter in _parameters)
            parameter.Return(_model, _optimizers, known);
        _wasReleased = IsReleased;
        (IsApplied, IsReleased) = (false, true);
    }

    /// <summary>Keeps the tail: what was in its place is freed.</summary>
    public void EndReturn()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _headParameters.ForEach(parameter => parameter.Free());
        foreach (var module in _stood.Union(Heads))
            module.Dispose();
        _stood = [];
    }

    /// <summary>Undoes <see cref="Return"/>: the model is cut again, and what followed the cut has its former state.</summary>
    /// <param name="known">The optimizers as they are now.</param>
    public void UndoReturn(IReadOnlyList<OptimizerHelper> known)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var parameter in _parameters)
            foreach (var optimizer in known)
                parameter.Leave(optimizer);
        foreach (var container in _containers)
            container.Repeat();
        foreach (var parameter in _headParameters)
            parameter.Return(_model, known, known);
        (_headParameters, _stood) = ([], []);
        RefuseCalls();
        _parameters.ForEach(parameter => parameter.Rest());
        (IsApplied, IsReleased) = (true, false);
        if (_wasReleased)
            ReleaseParameters();
    }

    /// <summary>
    /// Takes the tail out of one more optimizer; the head takes the old classifier's place there, unless it is there already.
    /// </summary>
    public void Leave(OptimizerHelper optimizer)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var left = new Dictionary<LeavingParameter, DetachedParameter>();
        foreach (var parameter in _parameters)
            if (parameter.Leave(optimizer) is { } detached)
                left.Add(parameter, detached);
        foreach (var head in _containers.SelectMany(container => container.Standing))
            TrainHead(head, one => left.TryGetValue(one, out var detached) ? [detached] : []);
        if (!_optimizers.Contains(optimizer))
            _optimizers.Add(optimizer);
    }

    /// <summary>Forgets an optimizer: what was kept for it is freed, and the tail does not return to it.</summary>
    public void Forget(OptimizerHelper optimizer)
    {
        _optimizers.Remove(optimizer);
        _parameters.ForEach(parameter => parameter.Forget(optimizer));
    }
}
