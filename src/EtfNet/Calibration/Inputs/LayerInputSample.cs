using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Keeps inputs of single layers, for models that cannot be called again: their inputs are not tensors, or <c>forward</c> is
/// called, not <c>call</c>.</summary>
/// <remarks>Each layer is then calibrated against its own old inputs, as if no other were fixed in the same epoch.</remarks>
internal sealed class LayerInputSample : IDisposable
{
    private const int RowsPerCall = 128;

    private readonly Dictionary<nn.Module, Queue<Tensor>> _inputs = [];
    private readonly List<Listener> _listeners = [];
    private readonly ObservedForwards _forwards;
    private readonly int _mostCalls;

    public LayerInputSample(ObservedForwards forwards, IEnumerable<FixableLayer> layers, int maxRows)
    {
        _forwards = forwards;
        _mostCalls = Math.Max(1, maxRows / RowsPerCall);
        foreach (var layer in layers)
        {
            var listener = new Listener(layer, _inputs[layer.Module] = new Queue<Tensor>(), _mostCalls);
            listener.Hook = forwards.Observer.Listen(layer.Module, forwards, listener);
            _listeners.Add(listener);
        }
    }

    /// <summary>The layers' samples, in the given order; a layer that was never called is absent.</summary>
    public IReadOnlyList<(nn.Module<Tensor, Tensor> Layer, LayerSample Sample)> Collect(IEnumerable<FixableLayer> layers)
    {
        using var noGrad = no_grad();
        var samples = new List<(nn.Module<Tensor, Tensor>, LayerSample)>();
        foreach (var layer in layers)
        {
            if (!_inputs.TryGetValue(layer.Module, out var kept) || kept.Count == 0)
                continue;
            var inputs = cat([.. kept]).DetachFromDisposeScope();
            samples.Add((layer.Module, new LayerSample(inputs, layer.Map(inputs).DetachFromDisposeScope())));
        }

        return samples;
    }

    /// <summary>Lets go of what was kept.</summary>
    public void NextEpoch()
    {
        foreach (var kept in _inputs.Values)
            while (kept.TryDequeue(out var tensor))
                tensor.Dispose();
    }

    public void Dispose()
    {
        foreach (var listener in _listeners)
            _forwards.Observer.StopListening(listener.Hook!, _forwards, listener);
        NextEpoch();
    }

    // These layers do not change their inputs, so a hook after the forward gets what the layer took, with the changes of earlier hooks.
    private sealed class Listener(FixableLayer layer, Queue<Tensor> kept, int mostCalls) : IModuleListener
    {
        private long _calls;

        public ModuleHook? Hook { get; set; }

        public void Fired(Forward forward, object? input, object? result)
        {
            if (input is not Tensor given || given.dim() == 0 || given.NumberOfElements == 0)
                return;
            kept.Enqueue(RowDraw.Of(layer, given, RowsPerCall, _calls++).Inputs(given));
            if (kept.Count > mostCalls)
                kept.Dequeue().Dispose();
        }
    }
}
