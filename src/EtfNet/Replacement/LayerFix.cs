using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A linear layer that was made a fixed simplex ETF, and the way back.</summary>
internal sealed class LayerFix
{
    private readonly nn.Module _model;
    private readonly LayerTarget _target;
    private readonly ReplacedLayer? _replaced;
    private readonly Tensor? _oldBias;
    private readonly Tensor? _oldWeight;
    private IReadOnlyList<DetachedParameter> _detached;
    private bool _keepsOld;

    private LayerFix(nn.Module model, LayerTarget target, SimplexEtfLinear? replacement, IReadOnlyList<DetachedParameter> detached, Tensor? oldBias, Tensor? oldWeight, bool keepsOld)
    {
        (_model, _target, _detached, _oldBias, _oldWeight, _keepsOld) = (model, target, detached, oldBias, oldWeight, keepsOld);
        Replacement = replacement;
        _replaced = replacement is null ? null : new ReplacedLayer(target.Layer, target.Name);
    }

    public string Name => _target.Name;

    /// <summary>The module in the layer's place; null where the layer is fixed in place.</summary>
    public SimplexEtfLinear? Replacement { get; }

    public string? InPlaceReason => Replacement is null ? _target.InPlaceReason ?? "the plan says so" : null;

    /// <summary>The module that now stands at the layer's path.</summary>
    public nn.Module Current => Replacement ?? (nn.Module)_target.Layer;

    /// <summary>Where the weight sat in optimizers.</summary>
    public IReadOnlyList<DetachedParameter> Detached => _detached;

    /// <summary>The frame but for its factors.</summary>
    public SimplexEtfHeader Header => FixedModules.HeaderOf(Current)!;

    /// <summary>Fixes a layer: in the model, in the optimizers, in memory.</summary>
    /// <param name="model">The model that holds it.</param>
    /// <param name="target">The plan.</param>
    /// <param name="etf">The frame.</param>
    /// <param name="bias">The bias's new value; null leaves it as it is.</param>
    /// <param name="optimizers">The optimizers to take the weight from.</param>
    /// <param name="keepOld">Whether to keep the old weight, bias and optimizer state for <see cref="Revert"/>.</param>
    public static LayerFix Commit(nn.Module model, LayerTarget target, SimplexEtf etf, Tensor? bias, IReadOnlyList<OptimizerHelper> optimizers, bool keepOld)
    {
        var (layer, weight) = (target.Layer, target.Layer.weight);
        return target.InPlaceReason is null
            ? Commit(model, target, new SimplexEtfLinear(etf, layer.bias, dtype: weight.dtype, device: weight.device), etf, bias, optimizers, keepOld)
            : Commit(model, target, null, etf, bias, optimizers, keepOld);
    }

    /// <summary>Fixes a layer whose frame's factors, or whose weight, will be loaded next.</summary>
    public static LayerFix CommitBlank(nn.Module model, LayerTarget target, SimplexEtfHeader header, bool inPlace, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var (layer, weight) = (target.Layer, target.Layer.weight);
        var blank = inPlace ? null : SimplexEtfLinear.Blank(header, layer.bias, false, weight.dtype, weight.device);
        var fix = Commit(model, target, blank, null, null, optimizers, false);
        if (inPlace)
            FixedModules.Remember(layer, header);
        return fix;
    }

    /// <summary>Takes the weight out of one more optimizer.</summary>
    public void Leave(OptimizerHelper optimizer)
    {
        if (_target.WeightShared)
            return;
        var detached = OptimizerDetachment.Remove([optimizer], _target.Layer.weight);
        _detached = [.. _detached, .. detached];
        if (!_keepsOld)
            foreach (var entry in detached)
                entry.Dispose();
    }

    /// <summary>Frees what was kept for the way back.</summary>
    public void Release()
    {
        if (!_keepsOld)
            return;
        _keepsOld = false;
        _oldBias?.Dispose();
        _oldWeight?.Dispose();
        Free();
    }

    /// <summary>Makes the layer trainable again: as it was, where that was kept; otherwise starting from the frame, with fresh optimizer state.</summary>
    /// <returns>The linear layer that now stands in the model.</returns>
    /// <exception cref="InvalidOperationException">A place that holds the replacement cannot hold a Linear; nothing was changed.</exception>
    public Linear Revert()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var layer = Replacement is null ? RevertInPlace() : RevertReplaced(Replacement);
        if (_keepsOld)
        {
            layer.bias?.copy_(_oldBias!);
            OptimizerDetachment.PutBack(_detached, layer.weight);
        }
        else
        {
            OptimizerDetachment.PutBackFresh(_detached, layer.weight);
        }

        _oldBias?.Dispose();
        _oldWeight?.Dispose();
        return layer;
    }

    private static LayerFix Commit(
        nn.Module model, LayerTarget target, SimplexEtfLinear? replacement, SimplexEtf? etf, Tensor? bias, IReadOnlyList<OptimizerHelper> optimizers, bool keepOld)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (layer, weight) = (target.Layer, target.Layer.weight);
        var oldBias = keepOld ? layer.bias?.detach().clone().DetachFromDisposeScope() : null;
        var oldWeight = keepOld && replacement is null ? weight.detach().clone().DetachFromDisposeScope() : null;
        // Out of the optimizers first: a lazy parameter list must still see the weight to show where it sat.
        IReadOnlyList<DetachedParameter> detached = target.WeightShared ? [] : OptimizerDetachment.Remove(optimizers, weight);
        if (replacement is null)
        {
            if (etf is not null)
            {
                weight.copy_(etf.ToTensor(weight.dtype, weight.device));
                FixedModules.Remember(layer, etf.Header);
            }

            weight.requires_grad_(false);
        }
        else
        {
            PutOrUndo(target, replacement, () => OptimizerDetachment.PutBack(detached, weight));
        }

        if (bias is not null)
            layer.bias!.copy_(bias);
        if (!target.WeightShared)
        {
            weight.grad?.Dispose();
            weight.grad = null;
        }

        var fix = new LayerFix(model, target, replacement, detached, oldBias, oldWeight, keepOld);
        if (!keepOld)
            fix.Free();
        return fix;
    }

    private static void PutOrUndo(LayerTarget target, SimplexEtfLinear replacement, Action undo)
    {
        replacement.train(target.Layer.training);
        ModuleHooks.Share(target.Layer, replacement);
        try
        {
            target.Plan.Put(replacement);
        }
        catch
        {
            replacement.ReleaseBias();
            replacement.Dispose();
            undo();
            throw;
        }
    }

    private Linear RevertInPlace()
    {
        if (_keepsOld)
            _target.Layer.weight.copy_(_oldWeight!);
        _target.Layer.weight.requires_grad_(true);
        FixedModules.Forget(_target.Layer);
        return _target.Layer;
    }

    private Linear RevertReplaced(SimplexEtfLinear replacement)
    {
        var plan = LayerReplacement.Plan(_model, [replacement], typeof(Linear))[0];
        if (plan.Obstacle is not null)
            throw new InvalidOperationException($"Layer '{Name}' cannot be put back: {plan.Obstacle}.");
        // The old parameter object comes back to life, so that whoever still holds it (a lazy or a listed parameter collection) goes on with it.
        var like = replacement.parameters().Concat(replacement.buffers().Where(is_floating_point)).FirstOrDefault() ?? _target.Layer.weight;
        var layer = _replaced!.Revive(replacement.ReleaseBias());
        if (!_keepsOld && !_target.WeightShared)
            ReplacedLayer.Refill(layer, replacement.Etf.ToTensor(like.dtype, like.device));
        layer.train(replacement.training);
        plan.Put(layer);
        replacement.Dispose();
        return layer;
    }

    private void Free()
    {
        foreach (var entry in _detached)
            entry.Dispose();
        if (!_target.WeightShared)
            _replaced?.Free();
    }
}
