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
    private readonly bool _weightedBySamples;
    private readonly Dictionary<BatchNorm, (string Name, BoundHook[] Hooks)> _norms = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BatchNorm, (Tensor Mean, Tensor Variance)> _before = new(ReferenceEqualityComparer.Instance);
    private Exception? _failure;

    internal BatchNormSynchronization(nn.Module model, ICollective ranks, bool weightedBySamples)
    {
        (_ranks, _weightedBySamples) = (ranks, weightedBySamples);
        var found = ModuleTree.Walk(model).Where(node => node.Module is BatchNorm)
            .Select(node => (Name: node.Path.Length > 0 ? node.Path : node.Module.GetName(), Norm: (BatchNorm)node.Module)).ToList();
        foreach (var (name, norm) in found)
            if (s_owners.TryGetValue(norm, out _))
                throw new InvalidOperationException($"Batch norm '{name}' is already synchronized: dispose that synchronization first.");
        RankAgreement.Require(
            ranks,
            [
                .. found.Select(entry => new NamedFingerprint(entry.Name, 0, $"{entry.Norm.num_features} features")),
                new NamedFingerprint(nameof(weightedBySamples), 0, weightedBySamples ? "true" : "false"),
            ],
            "batch norms");
        foreach (var (name, norm) in found)
        {
            Func<nn.Module<Tensor, Tensor>, Tensor, Tensor, Tensor> hook = (_, input, output) => Run(norm, name, input, output);
            Func<nn.Module<Tensor, Tensor>, Tensor, Tensor> pre = (_, input) => Keep(norm, input);
            // First in the table, so that all other hooks see this output.
            _norms.Add(norm, (name,
            [
                new BoundHook(hook, () => HookTables.Of(norm)!.Post, norm.register_forward_hook(hook).remove).First(),
                new BoundHook(pre, () => HookTables.Of(norm)!.Pre, norm.register_forward_pre_hook(pre).remove),
            ]));
            s_owners.Add(norm, this);
        }
    }

    /// <summary>Gets the names of the batch norms, in the order of the model; empty after disposal.</summary>
    public IReadOnlyList<string> Names => [.. _norms.Values.Select(norm => norm.Name)];

    /// <summary>Whether the batch norms of a model are synchronized.</summary>
    internal static bool IsOf(nn.Module model) => ModuleTree.Walk(model).Any(node => Owner(node.Module) is not null);

    /// <summary>Whether they are synchronized for gradients that all have the same weight.</summary>
    internal static bool IsUnweighted(nn.Module model) =>
        ModuleTree.Walk(model).Any(node => Owner(node.Module) is { _weightedBySamples: false });

    /// <summary>Makes every batch norm use only its own rank's share again. Call it on all ranks.</summary>
    public void Dispose()
    {
        foreach (var (norm, entry) in _norms)
        {
            foreach (var hook in entry.Hooks)
                hook.Remove();
            s_owners.Remove(norm);
            Forget(norm);
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
            norm, _before.TryGetValue(norm, out var before) ? before : null, input,
            (what, values) => new RankSumCall(
                _ranks, $"{what} of batch norm '{name}'", _weightedBySamples ? values : 1, exception => _failure ??= exception));
        Forget(norm);
        output.Dispose();
        return result;
    }

    private static BatchNormSynchronization? Owner(nn.Module module) =>
        module is BatchNorm norm && s_owners.TryGetValue(norm, out var owner) ? owner : null;

    /// <summary>Keeps the running statistics: a forward on one row or none makes them NaN.</summary>
    private Tensor Keep(BatchNorm norm, Tensor input)
    {
        Forget(norm);
        if (norm.training && !SynchronizationPause.IsOn && norm.track_running_stats
            && norm.running_mean is { } mean && norm.running_var is { } variance)
            _before[norm] = (mean.detach().clone().DetachFromDisposeScope(), variance.detach().clone().DetachFromDisposeScope());
        return input;
    }

    private void Forget(BatchNorm norm)
    {
        if (!_before.Remove(norm, out var before))
            return;
        before.Mean.Dispose();
        before.Variance.Dispose();
    }
}
