using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What the scheduler remembers of a layer over the epochs.</summary>
internal sealed class WatchedLayer(string name, FixableLayer layer, string? obstacle)
{
    private (double Sum, double Squares)? _returned;

    public string Name { get; } = name;

    /// <summary>The layer; for a replaced one, what is left of it.</summary>
    public FixableLayer Layer { get; } = layer;

    /// <summary>How many epochs in a row the error has been at or below epsilon.</summary>
    [State(AtLeast = 0)]
    public int Streak { get; set; }

    /// <summary>How often a fix was tried and refused.</summary>
    [State(AtLeast = 0)]
    public int Refusals { get; set; }

    /// <summary>Why the last try was refused; null where there was none.</summary>
    [State(Json = typeof(WatchedLayerJson))]
    public LayerDecision? Refusal { get; set; }

    /// <summary>The epoch from which a refused fix is tried again.</summary>
    [State(AtLeast = 0)]
    public int RetryAt { get; set; }

    /// <summary>Why it can never be fixed; null where it can.</summary>
    public LayerDecision? Excluded { get; } =
        obstacle is null ? null : new LayerDecision(name, LayerReason.NotFixable) { Detail = obstacle };

    /// <summary>Whether it is a convolution that sees the model's inputs, and no name in Include asks for it.</summary>
    public bool SeesInputs { get; set; }

    /// <summary>Why it can never be fixed, or only by name; null where it can.</summary>
    public string? WhyNever => Excluded?.ToString() ?? (!SeesInputs ? null
        : "it is the network's first convolution, which sees the raw inputs: name it in Include to have it fixed");

    /// <summary>Why the layer is not fixed until that is allowed again: its fix was reverted, by the guard or by hand; null if it may be
    /// fixed.</summary>
    [State(Json = typeof(WatchedLayerJson))]
    public LayerDecision? Held { get; set; }

    /// <summary>Whether it was fixed once and is trained again: optimizers that come later may lack its weight.</summary>
    public bool HasReturned { get; private set; }

    /// <summary>How it was fixed; null while it is trained.</summary>
    public LayerFix? Fix { get; set; }

    /// <summary>The module that is now in its place.</summary>
    public nn.Module Current => Fix?.Current ?? Layer.Module;

    /// <summary>The report's entry of the fix; null while it is trained.</summary>
    [State(Json = typeof(WatchedLayerJson))]
    public FixedLayer? Record { get; set; }

    /// <summary>Remembers a refusal. Each refusal lengthens the wait before the next try, because a try costs some forwards.</summary>
    public void Refuse(int epoch, LayerDecision reason)
    {
        Refusal = reason;
        Refusals++;
        RetryAt = epoch + Math.Min(1 << Math.Min(Refusals, 3), 8);
    }

    /// <summary>The decision about a layer that <see cref="IsUntrained"/>.</summary>
    public LayerDecision Untrained => new(Name, LayerReason.NotTrained)
    {
        Detail = "trained again, but no optimizer has moved its weight: call AddOptimizer with the optimizer in use",
    };

    /// <summary>Why the layer is no candidate now; null where it is one.</summary>
    public LayerDecision? WhyNot(KnownOptimizers optimizers)
    {
        if (Excluded is not null || Fix is not null)
            return Excluded;
        if (SeesInputs)
            return new LayerDecision(Name, LayerReason.NotACandidate);
        if (!Layer.Weight.requires_grad)
            return new LayerDecision(Name, LayerReason.Frozen);
        return optimizers.Train(Layer.Weight) ? Held : new LayerDecision(Name, LayerReason.NotTrained);
    }

    /// <summary>Remembers the returned weight, so that <see cref="IsUntrained"/> can tell whether anything trains it.</summary>
    public void MarkReturned() => (_returned, HasReturned) = (Fingerprint(), true);

    /// <summary>Whether a returned weight has a gradient but has not moved since, so that no optimizer trains it. True once per
    /// return.</summary>
    public bool IsUntrained()
    {
        if (_returned is null || Fix is not null)
            return false;
        using var scope = NewDisposeScope();
        if (_returned != Fingerprint())
        {
            _returned = null;
            return false;
        }

        if (Layer.Weight.grad is not { } gradient || gradient.count_nonzero().item<long>() == 0)
            return false;
        _returned = null;
        return true;
    }

    private (double, double) Fingerprint()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = Layer.Weight.to(ScalarType.Float64);
        return (weight.sum().item<double>(), weight.square().sum().item<double>());
    }
}
