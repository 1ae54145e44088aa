using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What is left of a linear layer that was replaced: it refuses to be called, and gives up its memory when told to.</summary>
internal sealed class ReplacedLayer
{
    private readonly Linear _layer;
    private readonly nn.HookableModule<Func<nn.Module<Tensor, Tensor>, Tensor, Tensor>, Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor>>.HookRemover _watch;

    /// <summary>Takes the bias out of the layer, as the replacement owns it now, and watches for calls.</summary>
    public ReplacedLayer(Linear layer, string path)
    {
        _layer = layer;
        LinearBias.Set(layer, null);
        // The replacement shares the hooks: only calls of the old layer itself are refused.
        _watch = layer.register_forward_pre_hook((module, _) => !ReferenceEquals(module, layer) ? null! : throw new InvalidOperationException(
            $"Layer '{path}' was replaced by a simplex ETF, but something outside the model still calls the old layer. " +
            "Reach it through the model each time, or leave it out with AdaptiveEtfOptions.Exclude."));
    }

    /// <summary>Makes the old layer whole and callable again.</summary>
    /// <param name="bias">The bias, back from the replacement.</param>
    public Linear Revive(Parameter? bias)
    {
        _watch.remove();
        LinearBias.Set(_layer, bias);
        _layer.weight.requires_grad_(true);
        return _layer;
    }

    /// <summary>Frees the weight's memory. Whoever still holds the parameter, in a list for gradient clipping say, holds a valid empty tensor.</summary>
    public void Free()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = _layer.weight;
        weight.grad?.Dispose();
        weight.grad = null;
        weight.requires_grad_(false);
        weight.set_(empty(0, dtype: weight.dtype, device: weight.device));
    }

    /// <summary>Gives an emptied weight its storage again.</summary>
    public static void Refill(Linear layer, Tensor weight)
    {
        if (weight.dtype == layer.weight.dtype && weight.device.type == layer.weight.device.type && weight.device.index == layer.weight.device.index)
            layer.weight.set_(weight);
        else
            layer.weight = new Parameter(weight.DetachFromDisposeScope(), requires_grad: true);
    }
}
