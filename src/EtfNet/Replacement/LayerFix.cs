using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A layer that is made a fixed simplex ETF, and the way back.</summary>
/// <remarks>Preparing one makes everything that can fail and changes nothing; <see cref="Apply"/> changes all that were prepared, or none.</remarks>
internal sealed class LayerFix
{
    private readonly nn.Module _model;
    private readonly LayerTarget _target;
    private readonly SimplexEtfHeader _header;
    private readonly string? _inPlaceReason;
    private readonly List<OptimizerHelper> _present = [];
    private readonly List<DetachedParameter> _detached = [];
    private Tensor? _newWeight;
    private Tensor? _newBias;
    private Tensor? _oldWeight;
    private Tensor? _oldBias;
    private ReplacedLayer? _replaced;
    private bool _keepsOld;
    private bool _wasTrained;

    private LayerFix(nn.Module model, LayerTarget target, SimplexEtfHeader header, string? inPlaceReason) =>
        (_model, _target, _header, _inPlaceReason) = (model, target, header, inPlaceReason);

    public string Name => _target.Name;

    /// <summary>The module in the layer's place; null where the layer is fixed in place.</summary>
    public nn.Module<Tensor, Tensor>? Replacement { get; private set; }

    public string? InPlaceReason => _inPlaceReason;

    /// <summary>The module that now stands at the layer's path.</summary>
    public nn.Module<Tensor, Tensor> Current => Replacement ?? _target.Fixable.Module;

    /// <summary>The layer that was fixed.</summary>
    public FixableLayer Layer => _target.Fixable;

    /// <summary>The frame but for its factors.</summary>
    public SimplexEtfHeader Header => FixedModules.HeaderOf(Current) ?? _header;

    /// <summary>Makes ready to fix a layer. Nothing in the model changes.</summary>
    /// <param name="model">The model that holds it.</param>
    /// <param name="target">The layer.</param>
    /// <param name="etf">The frame.</param>
    /// <param name="bias">The bias's new value; null leaves it as it is, and so does a bias that is not the layer's alone.</param>
    /// <exception cref="ArgumentException">The layer's dtype cannot hold the frame or the bias.</exception>
    public static LayerFix Prepare(nn.Module model, LayerTarget target, SimplexEtf etf, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (layer, placement) = (target.Fixable, LayerPlacement.Of(target.Fixable.Weight));
        var fix = new LayerFix(model, target, etf.Header, target.InPlaceReason);
        try
        {
            if (target.InPlaceReason is null)
                fix.Replacement = layer.CreateFixed(etf, layer.Bias, placement.Dtype, placement.Device);
            else
                fix._newWeight = RequireFinite(layer.WeightOf(etf, placement.Dtype, placement.Device), "frame", target).DetachFromDisposeScope();
            if (bias is not null && layer.Bias is { } old && !target.BiasIsBound)
                fix._newBias = RequireFinite(bias.to(old.dtype, old.device, copy: true), "bias", target).DetachFromDisposeScope();
            return fix;
        }
        catch (Exception exception)
        {
            fix.Discard();
            if (exception is ArgumentException reason)
                throw new ArgumentException($"Layer '{target.Name}': {Words.Plain(reason)}", nameof(etf), exception);
            throw;
        }
    }

    /// <summary>Makes ready to fix a layer whose frame's factors, or whose weight, will be loaded next.</summary>
    /// <exception cref="ArgumentException">The layer's dtype cannot hold the frame.</exception>
    public static LayerFix PrepareBlank(nn.Module model, LayerTarget target, SimplexEtfHeader header, bool inPlace)
    {
        var placement = LayerPlacement.Of(target.Fixable.Weight);
        var fix = new LayerFix(model, target, header, inPlace ? target.InPlaceReason ?? "the plan says so" : null);
        try
        {
            if (!inPlace)
                fix.Replacement = target.Fixable.CreateBlank(header, target.Fixable.Bias, placement.Dtype, placement.Device);
            return fix;
        }
        catch (ArgumentException reason)
        {
            throw new ArgumentException($"Layer '{target.Name}': {Words.Plain(reason)}", nameof(header), reason);
        }
    }

    /// <summary>Fixes prepared layers: in the model, in the optimizers, in memory. All of them, or none.</summary>
    /// <param name="fixes">The layers, each prepared and not yet applied.</param>
    /// <param name="optimizers">The optimizers to take the weights from.</param>
    /// <param name="keepOld">Whether to keep old weights, biases and optimizer state for <see cref="Revert"/>.</param>
    public static void Apply(IReadOnlyList<LayerFix> fixes, IReadOnlyList<OptimizerHelper> optimizers, bool keepOld)
    {
        var done = 0;
        try
        {
            for (; done < fixes.Count; done++)
                fixes[done].ApplyOne(optimizers);
        }
        catch
        {
            foreach (var fix in fixes.Skip(done))
                fix.Discard();
            foreach (var fix in fixes.Take(done).Reverse())
                fix.Return(optimizers, [.. WeightReturn.Places(fix._detached)]);
            throw;
        }

        foreach (var fix in fixes)
        {
            fix.Layer.Weight.grad = null;
            if (!keepOld)
                fix.Release();
        }
    }

    /// <summary>Gives up what was prepared.</summary>
    public void Discard()
    {
        (Replacement as IFixedLayer)?.ReleaseBias();
        Replacement?.Dispose();
        _newWeight?.Dispose();
        _newBias?.Dispose();
    }

    /// <summary>Takes the weight out of one more optimizer.</summary>
    public void Leave(OptimizerHelper optimizer)
    {
        if (OptimizerDetachment.Remove(optimizer, _target.Fixable.Weight) is not { } detached)
            return;
        _detached.Add(detached);
        if (!_keepsOld)
            detached.Dispose();
    }

    /// <summary>An optimizer is no longer known: what was kept for it is freed, and a weight that comes back does not return to it.</summary>
    public void Forget(OptimizerHelper optimizer)
    {
        _present.Remove(optimizer);
        foreach (var entry in _detached.Where(entry => ReferenceEquals(entry.Optimizer, optimizer)))
            entry.Dispose();
        _detached.RemoveAll(entry => ReferenceEquals(entry.Optimizer, optimizer));
    }

    /// <summary>Where the weight will be trained once it comes back.</summary>
    public IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> ReturnsTo(IReadOnlyList<OptimizerHelper> known) =>
        WeightReturn.Choose(_model, Current, Layer.Weight, _present, known);

    /// <summary>Frees what was kept for the way back.</summary>
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
        foreach (var (fix, plan) in replaced.Zip(LayerReplacement.Plan(model, [.. replaced.Select(fix => ((nn.Module)fix.Replacement!, fix.Layer.Module.GetType()))])))
            if (plan.Obstacle is not null)
                throw new InvalidOperationException($"Layer '{fix.Name}' cannot be put back: {plan.Obstacle}.");
    }

    /// <summary>Makes the layer trainable again: as it was, where that was kept; otherwise starting from the frame, with fresh optimizer state.</summary>
    /// <param name="known">The optimizers as they are now.</param>
    /// <exception cref="InvalidOperationException">A place that holds the replacement cannot hold a trained layer; nothing was changed.</exception>
    public void Revert(IReadOnlyList<OptimizerHelper> known) => Return(known, ReturnsTo(known));

    private void Return(IReadOnlyList<OptimizerHelper> known, IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> returns)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = Layer.Weight;
        if (Replacement is { } replacement)
            Replace(replacement);
        else
            RevertInPlace();
        if (_keepsOld && _oldBias is not null)
            Layer.Bias?.copy_(_oldBias);
        Layer.Weight.requires_grad_(_wasTrained);
        WeightReturn.Run(_model, Layer.Weight, weight, returns, _detached, _keepsOld, known);
        _oldBias?.Dispose();
        _oldWeight?.Dispose();
    }

    private void ApplyOne(IReadOnlyList<OptimizerHelper> optimizers)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (layer, weight) = (_target.Fixable, _target.Fixable.Weight);
        (_keepsOld, _wasTrained) = (true, weight.requires_grad);
        // Out of the optimizers first: a lazy parameter list must still see the weight to show where it stood.
        _present.AddRange(optimizers);
        foreach (var optimizer in optimizers)
            Leave(optimizer);
        if (Replacement is { } replacement)
        {
            replacement.train(layer.Module.training);
            ModuleHooks.Share(layer.Module, replacement);
            try
            {
                _target.Plan.Put(replacement);
            }
            catch
            {
                WeightReturn.Run(_model, weight, weight, [.. WeightReturn.Places(_detached)], _detached, true, optimizers);
                throw;
            }

            _replaced = new ReplacedLayer(layer, Name);
            FixedModules.Remember(replacement, layer);
        }
        else
        {
            _oldWeight = weight.detach().clone().DetachFromDisposeScope();
            if (_newWeight is not null)
                weight.copy_(_newWeight);
            FixedModules.Remember(layer.Module, _header);
        }

        if (Bias is { } bias && !_target.BiasIsBound)
        {
            _oldBias = bias.detach().clone().DetachFromDisposeScope();
            if (_newBias is not null)
                bias.copy_(_newBias);
        }

        _newWeight?.Dispose();
        _newBias?.Dispose();
        weight.requires_grad_(false);
    }

    /// <summary>The bias, wherever it stands now.</summary>
    private Parameter? Bias => Replacement is null ? Layer.Bias : TorchSharpInternals.Parameters(Replacement).TryGetValue("bias", out var bias) ? bias : null;

    private void RevertInPlace()
    {
        if (_keepsOld)
            Layer.Weight.copy_(_oldWeight!);
        FixedModules.Forget(Layer.Module);
    }

    private void Replace(nn.Module<Tensor, Tensor> replacement)
    {
        var plan = LayerReplacement.Plan(_model, [(replacement, Layer.Module.GetType())])[0];
        if (plan.Obstacle is not null)
            throw new InvalidOperationException($"Layer '{Name}' cannot be put back: {plan.Obstacle}.");
        var placement = LayerPlacement.Of(replacement, _model, LayerPlacement.Of(Layer.Weight));
        var values = _keepsOld ? null : ((IFixedLayer)replacement).DenseWeight(placement.Dtype, placement.Device);
        plan.Put(Layer.Module);
        _replaced!.Revive(((IFixedLayer)replacement).ReleaseBias(), placement, values);
        Layer.Module.train(replacement.training);
        replacement.Dispose();
        Replacement = null;
    }

    private static Tensor RequireFinite(Tensor values, string what, LayerTarget target) =>
        values.isfinite().all().item<bool>() ? values : throw new ArgumentException($"the {what} has numbers that {target.Fixable.Weight.dtype} cannot hold.", nameof(target));
}
