using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>What is kept to revert a fix, and reverting it.</content>
internal sealed partial class LayerFix
{
    /// <summary>Takes the weight out of one more optimizer.</summary>
    public void Leave(OptimizerHelper optimizer)
    {
        if (OptimizerDetachment.Remove(optimizer, _target.Fixable.Weight) is not { } detached)
            return;
        _detached.Add(detached);
        if (!_keepsOld)
            detached.Dispose();
    }

    /// <summary>Forgets an optimizer: what was kept for it is freed, and the weight does not return to it.</summary>
    public void Forget(OptimizerHelper optimizer)
    {
        _present.Remove(optimizer);
        foreach (var entry in _detached.Where(entry => entry.Optimizer == optimizer))
            entry.Dispose();
        _detached.RemoveAll(entry => entry.Optimizer == optimizer);
    }

    /// <summary>Where the weight will be trained after it has returned.</summary>
    public IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> ReturnsTo(IReadOnlyList<OptimizerHelper> known) =>
        WeightReturn.Choose(_model, Current, Layer.Weight, _present, known);

    /// <summary>Frees what was kept to revert the fix.</summary>
    public void Release()
    {
        if (!_keepsOld)
            return;
        _keepsOld = false;
        _oldBias?.Dispose();
        _oldWeight?.Dispose();
        foreach (var entry in _detached)
            entry.Dispose();
        _replaced?.Free();
    }

    /// <summary>Checks that layers can be made trainable again.</summary>
    /// <exception cref="InvalidOperationException">A place that holds a replacement cannot hold a trained layer.</exception>
    public static void RequireReversible(nn.Module model, IReadOnlyList<LayerFix> fixes)
    {
        var replaced = fixes.Where(fix => fix.Replacement is not null).ToList();
        var plans = LayerReplacement.Plan(model, [.. replaced.Select(fix => ((nn.Module)fix.Replacement!, fix.Layer.Module.GetType()))]);
        foreach (var (fix, plan) in replaced.Zip(plans))
            if (plan.Obstacle is not null)
                throw new InvalidOperationException($"Layer '{fix.Name}' cannot be put back: {plan.Obstacle}.");
    }

    /// <summary>Makes the layer trainable again: as it was, where that was kept; else starting from the frame, with fresh state.</summary>
    /// <param name="known">The optimizers as they are now.</param>
    /// <exception cref="InvalidOperationException">The replacement's place cannot hold the layer; nothing was changed.</exception>
    public void Revert(IReadOnlyList<OptimizerHelper> known) => Return(known, ReturnsTo(known));

    private void Return(IReadOnlyList<OptimizerHelper> known, IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> places)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = Layer.Weight;
        if (Replacement is { } replacement)
            PutBack(replacement);
        else
            RevertInPlace();
        if (_keepsOld && _oldBias is not null)
            Layer.Bias?.copy_(_oldBias);
        Layer.Weight.requires_grad_(_wasTrained);
        WeightReturn.Run(_model, Layer.Weight, weight, places, _detached, _keepsOld, known);
        _oldBias?.Dispose();
        _oldWeight?.Dispose();
    }

    private void RevertInPlace()
    {
        if (_keepsOld)
            Layer.Weight.copy_(_oldWeight!);
        FixedModules.Forget(Layer.Module);
    }

    private void PutBack(nn.Module<Tensor, Tensor> replacement)
    {
        RequireReversible(_model, [this]);
        var plan = LayerReplacement.Plan(_model, [(replacement, Layer.Module.GetType())])[0];
        var placement = LayerPlacement.Of(replacement, _model, LayerPlacement.Of(Layer.Weight));
        var values = _keepsOld ? null : ((IFixedLayer)replacement).DenseWeight(placement.Dtype, placement.Device);
        plan.Put(Layer.Module);
        _replaced!.Restore(((IFixedLayer)replacement).ReleaseBias(), placement, values);
        Layer.Module.train(replacement.training);
        replacement.Dispose();
        Replacement = null;
    }
}
