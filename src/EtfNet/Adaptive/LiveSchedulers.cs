using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>
/// Knows which models have a live scheduler, so that no model is watched twice and nothing else changes a watched model's layers.
/// </summary>
internal static class LiveSchedulers
{
    private static readonly ConditionalWeakTable<torch.nn.Module, AdaptiveEtfScheduler> Live = [];

    public static AdaptiveEtfScheduler? Find(torch.nn.Module model) => Live.TryGetValue(model, out var scheduler) ? scheduler : null;

    public static void Add(AdaptiveEtfScheduler scheduler) => Live.Add(scheduler.Model, scheduler);

    public static void Remove(AdaptiveEtfScheduler scheduler) => Live.Remove(scheduler.Model);

    /// <exception cref="InvalidOperationException">The model has a live scheduler.</exception>
    public static void RequireNone(torch.nn.Module model)
    {
        if (Find(model) is not null)
            throw new InvalidOperationException("A scheduler still watches this model. Dispose it first.");
    }

    /// <summary>
    /// The names of parameters as a model's state has them. Those of another model that shares an optimizer, and that a scheduler watches,
    /// belong to that one's state.
    /// </summary>
    public static ParameterNames NamesIn(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers) =>
        new(model, Live.Where(entry => !ReferenceEquals(entry.Key, model) && entry.Value.Optimizers.Any(optimizers.Contains))
            .SelectMany(entry => entry.Key.parameters()));
}
