using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A parameter that was taken out of an optimizer, with what is needed to put it back.</summary>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="Groups">The groups that held it.</param>
/// <param name="State">Its state (momentum and the like), owned by this record until it is put back or disposed; null where it had
/// none.</param>
/// <param name="Placement">The type and device that the state is of.</param>
internal sealed record DetachedParameter(
    OptimizerHelper Optimizer, IReadOnlyList<ParamGroup> Groups, OptimizerState? State, LayerPlacement Placement) : IDisposable
{
    public void Dispose() => (State as IDisposable)?.Dispose();
}
