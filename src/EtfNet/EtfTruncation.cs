using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The cut of a model, which can be reverted until the removed tail is freed.</summary>
/// <remarks>
/// The tail that was cut off stays in memory, with its optimizer state, until <see cref="Release"/> or <see cref="Dispose"/> is called. The
/// model stays cut even if this object is disposed or collected.
/// </remarks>
public sealed class EtfTruncation : IDisposable
{
    private readonly nn.Module _model;
    private readonly TailCut _cut;

    internal EtfTruncation(nn.Module model, string behind, TailCut cut) =>
        (_model, Cut, _cut, RemovedModules, Head, RemovedParameters) = (model, behind, cut, cut.Removed, cut.Head, cut.Parameters);

    /// <summary>Gets the path of the last layer, or block, that stays in the model.</summary>
    public string Cut { get; }

    /// <summary>Gets the head that replaces the tail: a <c>Linear</c>, possibly after pooling. The model owns it. Null if blocks were
    /// dropped.</summary>
    public nn.Module<Tensor, Tensor>? Head { get; private set; }

    /// <summary>Gets the paths of the modules that were cut off.</summary>
    public IReadOnlyList<string> RemovedModules { get; }

    /// <summary>Gets the number of parameters that were cut off.</summary>
    public long RemovedParameters { get; }

    /// <summary>Gets whether the tail can still be restored.</summary>
    public bool CanRevert => _cut.IsApplied && _cut.Obstacle is null;

    /// <summary>
    /// Restores the tail, in the model and in the optimizers that it was removed from, with the optimizer state that it had.
    /// </summary>
    /// <remarks>The head is disposed. Layers before the cut stay as they are now.</remarks>
    /// <exception cref="InvalidOperationException">
    /// The tail was released or is already restored, the model has been cut again or its head fixed, or a scheduler watches the model.
    /// Nothing was changed.
    /// </exception>
    public void Revert()
    {
        LiveSchedulers.RequireNone(_model);
        if (_cut.Obstacle is { } obstacle)
            throw new InvalidOperationException($"The tail behind '{Cut}' cannot be restored: {obstacle}.");
        using var pause = InferencePause.Begin();
        _cut.Revert();
        Head = null;
    }

    /// <summary>Frees what was cut off; the model stays cut.</summary>
    public void Release() => _cut.Release();

    /// <summary>Frees what was cut off, as <see cref="Release"/>.</summary>
    public void Dispose() => Release();
}
