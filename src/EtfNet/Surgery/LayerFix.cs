using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A linear layer that was made a fixed simplex ETF, and the way back.</summary>
internal sealed class LayerFix
{
    private readonly nn.Module _model;
    private readonly Linear _old;
    private readonly ReplacedLayer? _shell;
    private readonly Tensor? _oldBias;
    private Tensor? _oldWeight;
    private IReadOnlyList<OptimizerSeat> _seats;
    private bool _kept;

    private LayerFix(nn.Module model, LayerTarget target, SimplexEtf etf, SimplexEtfLinear? replacement, IReadOnlyList<OptimizerSeat> seats, Tensor? oldBias, Tensor? oldWeight)
    {
        _model = model;
        _old = target.Layer;
        _oldBias = oldBias;
        _oldWeight = oldWeight;
        _seats = seats;
        Path = target.Path;
        Etf = etf;
        Replacement = replacement;
        InPlaceReason = target.InPlaceReason;
        WeightShared = target.WeightShared;
        _shell = replacement is null ? null : new ReplacedLayer(_old, Path);
    }

    public string Path { get; }

    public SimplexEtf Etf { get; }

    /// <summary>The module in the layer's place; null where the layer is fixed in place.</summary>
    public SimplexEtfLinear? Replacement { get; }

    public string? InPlaceReason { get; }

    /// <summary>Whether another module trains the same weight, which therefore was neither freed nor taken from an optimizer.</summary>
    public bool WeightShared { get; }

    /// <summary>The module that now stands at the layer's path.</summary>
    public nn.Module Current => Replacement ?? (nn.Module)_old;

    /// <summary>Fixes a layer: in the model, in the optimizers, in memory.</summary>
    /// <param name="model">The model that holds it.</param>
    /// <param name="target">The plan.</param>
    /// <param name="etf">The frame.</param>
    /// <param name="bias">The bias's new value; null leaves it as it is.</param>
    /// <param name="optimizers">The optimizers to take the weight from.</param>
    /// <param name="keepOld">Whether to keep the old weight, bias and optimizer state for <see cref="Revert"/>.</param>
    public static LayerFix Commit(nn.Module model, LayerTarget target, SimplexEtf etf, Tensor? bias, IReadOnlyList<OptimizerHelper> optimizers, bool keepOld)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var layer = target.Layer;
        var weight = layer.weight;
        var oldBias = keepOld ? layer.bias?.detach().clone().DetachFromDisposeScope() : null;
        // Out of the optimizers first: a lazy parameter list must still see the weight to show where it sat.
        IReadOnlyList<OptimizerSeat> seats = target.WeightShared ? [] : OptimizerDetachment.Remove(optimizers, weight);
        SimplexEtfLinear? replacement = null;
        Tensor? oldWeight = null;
        if (target.InPlaceReason is null)
        {
            replacement = new SimplexEtfLinear(etf, layer.bias, dtype: weight.dtype, device: weight.device);
            replacement.train(layer.training);
            ModuleHooks.Share(layer, replacement);
            try
            {
                target.Plan.Put(replacement);
            }
            catch
            {
                replacement.ReleaseBias();
                replacement.Dispose();
                OptimizerDetachment.PutBack(seats, weight);
                throw;
            }
        }
        else
        {
            oldWeight = keepOld ? weight.detach().clone().DetachFromDisposeScope() : null;
            weight.copy_(etf.ToTensor(weight.dtype, weight.device));
            weight.requires_grad_(false);
            InPlaceFrames.Add(layer, etf);
        }

        if (bias is not null)
            layer.bias!.copy_(bias);
        if (!target.WeightShared)
        {
            weight.grad?.Dispose();
            weight.grad = null;
        }

        var fix = new LayerFix(model, target, etf, replacement, seats, oldBias, oldWeight) { _kept = keepOld };
        if (!keepOld)
            fix.Free();
        return fix;
    }

    /// <summary>Frees what was kept for the way back.</summary>
    public void Release()
    {
        if (!_kept)
            return;
        _kept = false;
        _oldBias?.Dispose();
        _oldWeight?.Dispose();
        _oldWeight = null;
        Free();
    }

    /// <summary>Makes the layer trainable again: as it was, where that was kept; otherwise starting from the frame, with fresh optimizer state.</summary>
    /// <returns>The linear layer that now stands in the model.</returns>
    public Linear Revert()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var layer = Replacement is null ? RevertInPlace() : RevertReplaced(Replacement);
        if (_kept && layer.bias is { } bias)
            bias.copy_(_oldBias!);
        if (!WeightShared)
        {
            if (_kept)
                OptimizerDetachment.PutBack(_seats, layer.weight);
            else
                OptimizerDetachment.PutBackFresh(_seats, layer.weight);
        }

        _oldBias?.Dispose();
        _oldWeight?.Dispose();
        return layer;
    }

    private Linear RevertInPlace()
    {
        if (_oldWeight is not null)
            _old.weight.copy_(_oldWeight);
        _old.weight.requires_grad_(true);
        InPlaceFrames.Remove(_old);
        return _old;
    }

    private Linear RevertReplaced(SimplexEtfLinear replacement)
    {
        var plan = LayerReplacement.Plan(_model, [replacement], typeof(Linear))[0];
        if (plan.Obstacle is not null)
            throw new InvalidOperationException($"Layer '{Path}' cannot be put back: {plan.Obstacle}.");
        // The old parameter object comes back to life, so that whoever still holds it (a lazy or a listed parameter collection) goes on with it.
        var like = replacement.parameters().Concat(replacement.buffers().Where(is_floating_point)).FirstOrDefault() ?? _old.weight;
        var layer = _shell!.Revive(replacement.ReleaseBias());
        if (!_kept && !WeightShared)
            ReplacedLayer.Refill(layer, Etf.ToTensor(like.dtype, like.device));
        layer.train(replacement.training);
        plan.Put(layer);
        replacement.Dispose();
        return layer;
    }

    private void Free()
    {
        foreach (var seat in _seats)
            seat.Dispose();
        if (!WeightShared)
            _shell?.Free();
    }
}
