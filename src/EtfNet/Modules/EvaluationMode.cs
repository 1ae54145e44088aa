using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A model in evaluation mode until disposed; then every module is in the mode that it had.</summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly List<(nn.Module Module, bool Training)> _modes;

    public EvaluationMode(nn.Module model)
    {
        var nodes = ModuleTree.Walk(model);
        var heights = new Dictionary<nn.Module, int>(ReferenceEqualityComparer.Instance);
        // Setting a module's mode sets its children's as well, so parents come first, also those that share a child.
        _modes = [.. nodes.OrderByDescending(node => Height(node.Module)).Select(node => (node.Module, node.Module.training))];
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
    }
}
