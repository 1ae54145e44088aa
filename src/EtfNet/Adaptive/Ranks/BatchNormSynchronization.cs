using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Keeps the batch norms of a model normalizing with the statistics of all ranks until it is disposed.</summary>
/// <remarks>Made by <see cref="ModuleExtensions.SynchronizeBatchNorm"/>.</remarks>
public sealed class BatchNormSynchronization : IDisposable
{
    private static readonly ConditionalWeakTable<BatchNorm, BatchNormSynchronization> s_owners = [];

    private readonly ICollective _ranks;
    private readonly Dictionary<BatchNorm, (string Name, BoundHook Hook)> _norms = new(ReferenceEqualityComparer.Instance);
    private Exception? _failure;

    internal BatchNormSynchronization(nn.Module model, ICollective ranks)
    {
        _ranks = ranks;
        var found = ModuleTree.Walk(model).Where(node => node.Module is BatchNorm)
            .Select(node => (Name: node.Path.Length > 0 ? node.Path : node.Module.GetName(), Norm: (BatchNorm)node.Module)).ToList();
        foreach (var (name, norm) in found)
            if (s_owners.TryGetValue(norm, out _))
                throw new InvalidOperationException($"Batch norm '{name}' is already synchronized: dispose that synchronization first.");
        RankAgreement.Require(
            ranks, [.. found.Select(entry => new NamedFingerprint(entry.Name, 0, $"{entry.Norm.num_features} features"))], "batch norms");
        foreach (var (name, norm) in found)
        {
            Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor> hook = (_, input, output) => Run(norm, name, input, output);
            var remove = norm.register_forward_hook(hook).remove;
            // First in the table, so that all other hooks see this output.
            _norms.Add(norm, (name, new BoundHook(hook, () => HookTables.Of(norm)!.Post, remove).First()));
            s_owners.Add(norm, this);
        }
    }

    /// <summary>Gets the names of the batch norms, in the order of the model; empty after disposal.</summary>
    public IReadOnlyList<string> Names => [.. _norms.Values.Select(norm => norm.Name)];

    /// <summary>Whether the batch norms of a model are synchronized.</summary>
    internal static bool IsOf(nn.Module model) =>
        ModuleTree.Walk(model).Any(node => node.Module is BatchNorm norm && s_owners.TryGetValue(norm, out _));

    /// <summary>Makes every batch norm use only its own rank's share again. Call it on all ranks.</summary>
    public void Dispose()
    {
        foreach (var (norm, entry) in _norms)
        {
            entry.Hook.Remove();
            s_owners.Remove(norm);
        }

        _norms.Clear();
    }

    private Tensor Run(BatchNorm norm, string name, Tensor input, Tensor output)
    {
        if (!norm.training || SynchronizationPause.IsOn)
            return output;
        if (_failure is { } failure)
            throw new InvalidOperationException($"The last backward pass through the batch norms failed: {failure.Message}", failure);
        var result = RankBatchNorm.Run(
            norm, input, what => new RankSumCall(_ranks, $"{what} of batch norm '{name}'", exception => _failure ??= exception));
        output.Dispose();
        return result;
    }
}
