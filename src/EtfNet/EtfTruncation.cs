using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A model that was cut, and the way back for as long as it is kept.</summary>
/// <remarks>
/// Until <see cref="Release"/> or <see cref="Dispose"/> the tail that was cut off stays in memory, with its optimizer state. The cut itself
/// stays whatever becomes of this object.
/// </remarks>
public sealed class EtfTruncation : IDisposable
{
    private readonly nn.Module _model;
    private readonly TailCut _cut;

    internal EtfTruncation(nn.Module model, string behind, TailCut cut) =>
        (_model, Cut, _cut, RemovedModules, Head, RemovedParameters) = (model, behind, cut, cut.Removed, cut.Head, cut.Parameters);

    /// <summary>Gets the path of the last layer, or block, that is left.</summary>
    public string Cut { get; }

    /// <summary>Gets the head that took over, a <c>Linear</c> or one behind pooling, the model's own; null where blocks were
    /// dropped.</summary>
    public nn.Module<Tensor, Tensor>? Head { get; private set; }

    /// <summary>Gets the paths of the modules that were cut off.</summary>
    public IReadOnlyList<string> RemovedModules { get; }

    /// <summary>Gets the number of parameters that were cut off.</summary>
    public long RemovedParameters { get; }

    /// <summary>Gets whether the tail can still come back.</summary>
    public bool CanRevert => _cut.IsApplied && _cut.Obstacle is null;

    /// <summary>
    /// Puts the tail back, to its places in the model and in the optimizers that it was taken out of, with the state that it had.
    /// </summary>
    /// <remarks>The head is disposed. Layers before the cut stay as they are now.</remarks>
    /// <exception cref="InvalidOperationException">
    /// The tail was released or is back already, the model was cut again or its head fixed since, or a scheduler watches the model. Nothing
    /// was changed.
    /// </exception>
    public void Revert()
    {
        LiveSchedulers.RequireNone(_model);
        if (_cut.Obstacle is { } obstacle)
            throw new InvalidOperationException($"The tail behind '{Cut}' cannot come back: {obstacle}.");
        _cut.Revert();
        Head = null;
    }

    /// <summary>Frees what was cut off; the model stays cut.</summary>
    public void Release() => _cut.Release();

    /// <summary>Frees what was cut off, as <see cref="Release"/>.</summary>
    public void Dispose() => Release();
}
