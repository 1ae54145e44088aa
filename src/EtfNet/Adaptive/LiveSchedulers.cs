using System.Runtime.CompilerServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Which models have a scheduler that is not disposed, so that a second call does not watch twice.</summary>
internal static class LiveSchedulers
{
    private static readonly ConditionalWeakTable<torch.nn.Module, AdaptiveEtfScheduler> Live = [];

    public static AdaptiveEtfScheduler? Find(torch.nn.Module model) => Live.TryGetValue(model, out var scheduler) ? scheduler : null;

    public static void Add(AdaptiveEtfScheduler scheduler) => Live.Add(scheduler.Model, scheduler);

    public static void Remove(AdaptiveEtfScheduler scheduler) => Live.Remove(scheduler.Model);
}
