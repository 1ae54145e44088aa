using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The fix of a layer as a simplex ETF, and how to revert it.</summary>
/// <remarks>Preparing a fix does everything that can fail and changes nothing. Applying changes all prepared layers, or none.</remarks>
internal sealed partial class LayerFix
{
    /// <summary>The relative change of a weight, converted to half precision, that is no change.</summary>
    private const double MostRounding = 0.01;

    private readonly nn.Module _model;
    private readonly LayerTarget _target;
    private readonly SimplexEtfHeader _header;
    private readonly List<OptimizerHelper> _present = [];
    private readonly List<DetachedParameter> _detached = [];
    private Tensor? _newWeight;
    private Tensor? _newBias;
    private Tensor? _oldWeight;
    private Tensor? _oldBias;
    private ReplacedLayer? _replaced;
    private bool _keepsOld;
    private bool _wasTrained;
    private (double Dot, double Norm)? _mark;

    private LayerFix(nn.Module model, LayerTarget target, SimplexEtfHeader header, string? inPlaceReason) =>
        (_model, _target, _header, InPlaceReason) = (model, target, header, inPlaceReason);

    public string Name => _target.Name;

    /// <summary>The module in the layer's place; null where the layer is fixed in place.</summary>
    public nn.Module<Tensor, Tensor>? Replacement { get; private set; }

    public string? InPlaceReason { get; }

    /// <summary>The module that now stands at the layer's path.</summary>
    public nn.Module<Tensor, Tensor> Current => Replacement ?? _target.Fixable.Module;

    /// <summary>The layer that was fixed.</summary>
    public FixableLayer Layer => _target.Fixable;

    /// <summary>The frame except for its factors.</summary>
    public SimplexEtfHeader Header => FixedModules.HeaderOf(Current) ?? _header;

    /// <summary>The bias, wherever it stands now.</summary>
    private Parameter? Bias => Replacement is null ? Layer.Bias
        : TorchSharpInternals.Parameters(Replacement).TryGetValue("bias", out var bias) ? bias : null;

    /// <summary>Prepares the fix of a layer. Nothing in the model changes.</summary>
    /// <param name="model">The model that holds it.</param>
    /// <param name="target">The layer.</param>
    /// <param name="etf">The frame.</param>
    /// <param name="bias">The bias's new value; null leaves it as it is, and a bias that is not the layer's alone is never changed.</param>
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
                fix._newWeight = Finite(layer.WeightOf(etf, placement.Dtype, placement.Device), "frame").DetachFromDisposeScope();
            if (bias is not null && layer.Bias is { } old && !target.BiasIsBound)
                fix._newBias = Finite(bias.to(old.dtype, old.device, copy: true), "bias").DetachFromDisposeScope();
            return fix;
        }
        catch (Exception exception)
        {
            fix.Discard();
            if (exception is ArgumentException reason)
                throw new ArgumentException($"Layer '{target.Name}': {Words.Plain(reason)}", nameof(etf), exception);
            throw;
        }

        Tensor Finite(Tensor values, string what) => values.isfinite().all().item<bool>()
            ? values
            : throw new ArgumentException($"the {what} has numbers that {layer.Weight.dtype} cannot hold.", nameof(target));
    }

    /// <summary>Prepares the fix of a layer whose frame's factors, or whose weight, will be loaded next.</summary>
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
    /// <param name="keepOld">Whether to keep old weights, biases and optimizer state for a revert.</param>
    /// <param name="holds">Judges the model once it is changed; null for no judge.</param>
    /// <returns>Whether the fixes stand; if not, all is as it was before.</returns>
    public static bool Apply(
        IReadOnlyList<LayerFix> fixes, IReadOnlyList<OptimizerHelper> optimizers, bool keepOld, Func<bool>? holds = null)
    {
        ParameterOrder.Pin(optimizers);
        var (done, stands) = (0, false);
        try
        {
            for (; done < fixes.Count; done++)
                fixes[done].ApplyOne(optimizers);
            stands = holds?.Invoke() ?? true;
        }
        finally
        {
            if (!stands)
            {
                foreach (var fix in fixes.Skip(done))
                    fix.Discard();
                foreach (var fix in fixes.Take(done).Reverse())
                    fix.Return(optimizers, [.. WeightReturn.Places(fix._detached)]);
            }
        }

        if (!stands)
            return false;

        foreach (var fix in fixes)
        {
            fix.Layer.Weight.grad = null;
            if (!keepOld)
                fix.Release();
        }

        return true;
    }

    /// <summary>Whether the weight of a layer fixed in place is another than it was when it became the frame.</summary>
    public bool HasDrifted()
    {
        if (Replacement is not null)
            return false;
        var (now, (dot, norm)) = (Mark(), _mark!.Value);
        return !(Math.Abs(now.Dot - dot) + Math.Abs(now.Norm - norm) <= MostRounding * norm);
    }

    /// <summary>Takes the weight of a layer fixed in place for its frame: it was loaded.</summary>
    public void TakeMark() => _mark = Replacement is null ? Mark() : null;

    /// <summary>Two numbers that hardly any other weight has.</summary>
    private (double Dot, double Norm) Mark()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = Layer.Weight.to(float64).reshape(-1);
        return (weight.dot(arange(weight.numel(), float64, weight.device).cos()).item<double>(), weight.norm().item<double>());
    }

    /// <summary>Gives up what was prepared.</summary>
    public void Discard()
    {
        (Replacement as IFixedLayer)?.ReleaseBias();
        Replacement?.Dispose();
        _newWeight?.Dispose();
        _newBias?.Dispose();
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
            Put(replacement, optimizers);
        else
            FixInPlace(weight);
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

    private void Put(nn.Module<Tensor, Tensor> replacement, IReadOnlyList<OptimizerHelper> optimizers)
    {
        replacement.train(Layer.Module.training);
        ModuleHooks.Share(Layer.Module, replacement);
        try
        {
            _target.Plan.Put(replacement);
        }
        catch
        {
            WeightReturn.Run(_model, Layer.Weight, Layer.Weight, [.. WeightReturn.Places(_detached)], _detached, true, optimizers);
            throw;
        }

        _replaced = new ReplacedLayer(Layer, Name);
        FixedModules.Remember(replacement, Layer);
    }

    private void FixInPlace(Parameter weight)
    {
        _oldWeight = weight.detach().clone().DetachFromDisposeScope();
        if (_newWeight is not null)
            weight.copy_(_newWeight);
        FixedModules.Remember(Layer.Module, _header);
        TakeMark();
    }
}
