using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A model in evaluation mode until disposed; then every module is in the mode that it had, and every buffer, and
/// the CPU's random generator, the values that it had.</summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly List<(nn.Module Module, bool Training)> _modes;
    private readonly List<(Tensor Buffer, Tensor Before)> _buffers = [];

    private readonly Tensor _generator;

    public EvaluationMode(nn.Module model)
    {
        using var noGrad = no_grad();
        _generator = random.get_rng_state().DetachFromDisposeScope();
        var nodes = ModuleTree.Walk(model);
        var heights = new Dictionary<nn.Module, int>(ReferenceEqualityComparer.Instance);
        // Setting a module's mode sets its children's as well, so parents come first, also those that share a child.
        _modes = [.. nodes.OrderByDescending(node => Height(node.Module)).Select(node => (node.Module, node.Module.training))];
        foreach (var buffer in nodes.Where(node => node.Module is not IWatchedLayer)
            .SelectMany(node => TorchSharpInternals.Buffers(node.Module).Values))
            if (buffer.Item1 is { IsInvalid: false, is_sparse: false } tensor)
                _buffers.Add((tensor, tensor.clone().DetachFromDisposeScope()));
        model.eval();

        int Height(nn.Module module) => heights.TryGetValue(module, out var height)
            ? height
            : heights[module] = 1 + module.named_children().Select(child => Height(child.module)).DefaultIfEmpty(0).Max();
    }

    public void Dispose()
    {
        foreach (var (module, training) in _modes)
            if (module.training != training)
                module.train(training);
        random.set_rng_state(_generator);
        _generator.Dispose();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        try
        {
            // Only what has changed, or is not a number: a graph that is still to run backward may have kept the others.
            foreach (var (buffer, before) in _buffers)
                if (!buffer.IsInvalid && buffer.ne(before).any().item<bool>())
                    Overlap.Write(buffer, before);
        }
        finally
        {
            foreach (var (_, before) in _buffers)
                before.Dispose();
        }
    }
}
