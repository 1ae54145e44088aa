using TorchSharp;

namespace EtfNet;

/// <summary>Puts a whole model in evaluation mode, and every module back in its own mode on dispose.</summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly List<(torch.nn.Module Module, bool Training)> _modes;

    public EvaluationMode(torch.nn.Module model)
    {
        _modes = [.. ModuleTree.Walk(model).Select(node => (node.Module, node.Module.training))];
        model.eval();
    }

    // From the root down: train(mode) of a parent sets its children too, which then get their own.
    public void Dispose() => _modes.ForEach(mode => mode.Module.train(mode.Training));
}
