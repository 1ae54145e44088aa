using TorchSharp.Modules;

namespace EtfNet;

/// <summary>The optimizers that a scheduler was told of, as they are now.</summary>
internal sealed class KnownOptimizers
{
    public KnownOptimizers(IEnumerable<OptimizerHelper> optimizers) => All = [.. optimizers.Distinct()];

    /// <summary>
    /// Gets the optimizers, in the order in which they came. The list is replaced, never changed: other schedulers read it.
    /// </summary>
    public IReadOnlyList<OptimizerHelper> All { get; private set; }

    public void Add(OptimizerHelper optimizer) => All = [.. All, optimizer];

    /// <returns>Whether it was known.</returns>
    public bool Remove(OptimizerHelper optimizer)
    {
        var count = All.Count;
        All = [.. All.Where(one => one != optimizer)];
        return All.Count < count;
    }

    /// <summary>Forgets optimizers that no longer train anything, and returns them.</summary>
    public IReadOnlyList<OptimizerHelper> DropUnusable()
    {
        var unusable = All.Where(OptimizerStates.IsUnusable).ToList();
        unusable.ForEach(optimizer => Remove(optimizer));
        return unusable;
    }

    /// <summary>Whether one of them trains a parameter; also true if none is known, because nothing can be said then.</summary>
    public bool Train(Parameter parameter) => All.Count == 0
        || All.Any(optimizer => optimizer.parameters().Any(other => ParameterOrder.IsSame(other, parameter)));
}
