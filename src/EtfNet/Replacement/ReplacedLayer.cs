using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What is left of a layer that was replaced: it refuses to be called, and gives up its memory when told to.</summary>
internal sealed class ReplacedLayer
{
    private readonly FixableLayer _layer;
    private readonly Action _unwatch;
    private bool _wasChannelsLast;

    /// <summary>Takes the bias out of the layer, as the replacement owns it now, and watches for calls.</summary>
    public ReplacedLayer(FixableLayer layer, string name)
    {
        _layer = layer;
        layer.SetBias(null);
        // The replacement shares the hooks: only calls of the old layer itself are refused.
        _unwatch = layer.Module.register_forward_pre_hook(
            (module, _) => ReferenceEquals(module, layer.Module) ? throw Refusal(name) : null!).remove;
    }

    /// <summary>Frees the weight's memory.</summary>
    /// <remarks>Whatever still refers to the parameter, such as a list for gradient clipping, then has a zero of as many
    /// dimensions.</remarks>
    public void Free()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = _layer.Weight;
        _wasChannelsLast |= ChannelsLast.Is(weight);
        weight.grad = null;
        weight.requires_grad_(false);
        weight.set_(zeros([.. weight.shape.Select(_ => 1L)], weight.dtype, weight.device));
    }

    /// <summary>Makes the old layer whole and callable again.</summary>
    /// <param name="bias">The bias, back from the replacement.</param>
    /// <param name="placement">The type and device that the model computes with now.</param>
    /// <param name="values">The weight's values; null leaves those that were kept.</param>
    public void Restore(Parameter? bias, LayerPlacement placement, Tensor? values)
    {
        using var scope = NewDisposeScope();
        _unwatch();
        _layer.SetBias(bias);
        if (values is not null && _wasChannelsLast)
            values = ChannelsLast.Of(values);
        var old = _layer.Weight;
        if (!placement.Fits(old))
        {
            var moved = (values ?? old.detach()).to(placement.Dtype, placement.Device, copy: true);
            _layer.SetWeight((Parameter)new Parameter(moved).DetachFromDisposeScope());
            old.Dispose();
        }
        else if (values is not null)
        {
            // The same parameter object is reused, so that existing references to it stay valid.
            old.set_(values);
        }
    }

    private static InvalidOperationException Refusal(string name) => new(
        $"Layer '{name}' was replaced by a simplex ETF, but something outside the model still calls the old layer. "
        + "Reach it through the model each time, or leave it out with AdaptiveEtfOptions.Exclude.");
}
