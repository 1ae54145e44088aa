using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Optimizers that come and go.</content>
public sealed partial class AdaptiveEtfScheduler
{
    /// <summary>
    /// Adds an optimizer that the scheduler does not know yet. Weights that are fixed, now or later, leave this optimizer too, with their
    /// state.
    /// </summary>
    /// <param name="optimizer">A managed optimizer of the model's parameters.</param>
    /// <remarks>
    /// Call this as soon as the optimizer is made, before layers are reverted: the weight of a reverted layer can return only to known
    /// optimizers. An optimizer that replaces another one, and holds all its parameters, also gets the weights that return to that one.
    /// Pass the replaced optimizer to <see cref="RemoveOptimizer"/>.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="optimizer"/> is null.</exception>
    /// <exception cref="ArgumentException">The optimizer has none of the model's parameters. Nothing was changed.</exception>
    /// <exception cref="NotSupportedException">The optimizer is native (LBFGS).</exception>
    /// <exception cref="ObjectDisposedException">The scheduler or the optimizer is disposed.</exception>
    public void AddOptimizer(optim.Optimizer optimizer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        AddOptimizers([optimizer], nameof(optimizer));
    }

    /// <summary>Adds several optimizers, all of them or none.</summary>
    internal void AddOptimizers(IReadOnlyList<optim.Optimizer> optimizers, string argument)
    {
        var weights = AllFixes.Select(fix => fix.Layer.Weight).Concat(_cut?.Tail.LeftParameters ?? []).ToList();
        var managed = optimizers.Select(optimizer => ManagedOptimizers.Require(optimizer, _model, weights, argument)).ToList();
        ForgetUnusableOptimizers();
        foreach (var optimizer in managed.Where(optimizer => !_optimizers.All.Contains(optimizer)))
        {
            foreach (var fix in AllFixes)
                fix.Leave(optimizer);
            _cut?.Tail.Leave(optimizer);
            OptimizerDetachment.Complete(optimizer);
            WeightReturn.AddReturned(_model, optimizer, [.. _watched.Returned.Select(layer => layer.Layer)], _optimizers.All);
            _optimizers.Add(optimizer);
        }
    }

    /// <summary>
    /// Removes an optimizer that no longer trains the model: reverted layers do not return to it, and snapshots and checkpoints leave it
    /// out.
    /// </summary>
    /// <param name="optimizer">The optimizer, which is not changed. A disposed optimizer is removed without this call.</param>
    /// <returns>Whether it was known.</returns>
    /// <remarks>State that a guard keeps for it is freed. As long as other optimizers are known, only layers that these train are
    /// fixed.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="optimizer"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public bool RemoveOptimizer(optim.Optimizer optimizer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (optimizer is not OptimizerHelper managed || !_optimizers.Remove(managed))
            return false;
        Forget(managed);
        return true;
    }

    private void ForgetUnusableOptimizers()
    {
        foreach (var optimizer in _optimizers.DropUnusable())
        {
            Forget(optimizer);
            Log.OptimizerForgotten(_log, optimizer.GetType().Name);
        }
    }

    private void Forget(OptimizerHelper optimizer)
    {
        foreach (var fix in AllFixes)
            fix.Forget(optimizer);
        _cut?.Tail.Forget(optimizer);
    }
}
