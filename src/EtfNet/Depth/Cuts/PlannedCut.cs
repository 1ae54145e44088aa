namespace EtfNet;

/// <summary>A shortened <c>Sequential</c> as plans and files write it.</summary>
/// <param name="Path">Its path in the model; empty for the model itself.</param>
/// <param name="Cut">How it was shortened.</param>
internal sealed record PlannedCut(string Path, SequentialCut Cut)
{
    /// <summary>All cuts of a model, in registration order.</summary>
    public static IReadOnlyList<PlannedCut> Of(TorchSharp.torch.nn.Module model) =>
        [.. ModuleTree.Walk(model).Where(node => SequentialCut.Of(node.Module) is not null)
            .Select(node => new PlannedCut(node.Path, SequentialCut.Of(node.Module)!))];
}
