using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Keeps inputs of single layers, for models that cannot be called again: their inputs are not tensors, or <c>forward</c> is called, not <c>call</c>.</summary>
/// <remarks>Each layer is then calibrated against its own old inputs, as if no other were fixed in the same epoch.</remarks>
internal sealed class LayerInputSample : IDisposable
{
    private const int RowsPerCall = 128;

    private readonly Dictionary<Linear, Queue<Tensor>> _inputs = [];
    private readonly List<nn.Module<Tensor, Tensor>.HookRemover> _hooks = [];
    private readonly int _mostCalls;

    public LayerInputSample(IEnumerable<Linear> layers, int maxRows)
    {
        _mostCalls = Math.Max(1, maxRows / RowsPerCall);
        foreach (var layer in layers)
        {
            var kept = _inputs[layer] = new Queue<Tensor>();
            _hooks.Add(layer.register_forward_pre_hook((module, input) =>
            {
                if (module.training && is_grad_enabled())
                    Keep(kept, input);
                return null!;
            }));
        }
    }

    /// <summary>The layers' samples, in the given order; a layer that was never called is absent.</summary>
    public IReadOnlyList<(Linear Layer, LayerSample Sample)> Collect(IEnumerable<Linear> layers)
    {
        using var noGrad = no_grad();
        var samples = new List<(Linear, LayerSample)>();
        foreach (var layer in layers)
        {
            if (!_inputs.TryGetValue(layer, out var kept) || kept.Count == 0)
                continue;
            var inputs = cat([.. kept]).DetachFromDisposeScope();
            samples.Add((layer, new LayerSample(inputs, layer.forward(inputs).DetachFromDisposeScope())));
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
        _hooks.ForEach(hook => hook.remove());
        NextEpoch();
    }

    private void Keep(Queue<Tensor> kept, Tensor input)
    {
        kept.Enqueue(SampleRows.Some(input, RowsPerCall));
        if (kept.Count > _mostCalls)
            kept.Dequeue().Dispose();
    }
}
