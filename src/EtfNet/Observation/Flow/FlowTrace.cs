using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Learns in the first forward of a layer which normalization takes exactly its output and nothing else, by the identity of the tensor,
/// whatever the structure of the model shows.
/// </summary>
internal sealed class FlowTrace : IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly List<Norm> _norms = [];
    private readonly ConditionalWeakTable<Tensor, Given> _given = [];
    private readonly List<FlowSearch> _searches = [];

    /// <param name="forwards">The forwards.</param>
    /// <param name="nodes">All modules of the model.</param>
    public FlowTrace(ObservedForwards forwards, IReadOnlyList<ModuleNode> nodes)
    {
        _forwards = forwards;
        foreach (var node in nodes.Where(node => node.Module is NormBase or LayerNorm or GroupNorm))
        {
            var norm = new Norm(this, node.Module);
            norm.Hook = forwards.Observer.Listen(node.Module, forwards, norm);
            _norms.Add(norm);
        }

        forwards.Completed += Ended;
    }

    /// <summary>Begins to look for what takes the output of a layer.</summary>
    /// <param name="pool">Makes features of what a normalization gives.</param>
    /// <param name="decided">Takes the normalization at the end of the layer's first forward; null for none.</param>
    public FlowSearch Search(Func<Forward, Tensor, LayerFeatures> pool, Action<nn.Module?> decided)
    {
        var search = new FlowSearch(this, pool, decided);
        _searches.Add(search);
        return search;
    }

    /// <summary>Ends where nothing is looked for.</summary>
    public void EndIfIdle()
    {
        if (_searches.Count == 0)
            Dispose();
    }

    public void Dispose()
    {
        _forwards.Completed -= Ended;
        foreach (var norm in _norms)
            _forwards.Observer.StopListening(norm.Hook!, _forwards, norm);
        _norms.Clear();
    }

    /// <summary>Remembers an output as long as it lives.</summary>
    internal void Gave(Tensor output, FlowSearch search, LayerFeatures features) =>
        _given.AddOrUpdate(output, new Given(search, features, TensorVersion.Of(output)));

    /// <summary>Ends the search for one layer; after the last one, the norms are no longer listened to.</summary>
    internal void Decided(FlowSearch search)
    {
        _searches.Remove(search);
        EndIfIdle();
    }

    private void Ended(Forward forward)
    {
        foreach (var search in _searches.ToList())
            search.Ended(forward);
    }

    /// <param name="search">Whose it is.</param>
    /// <param name="features">What was taken of it.</param>
    /// <param name="version">What tells whether it was written in place since; null where that is not known.</param>
    private sealed class Given(FlowSearch search, LayerFeatures features, long? version)
    {
        public FlowSearch Search => search;

        public LayerFeatures Features => features;

        public long? Version => version;
    }

    private sealed class Norm(FlowTrace trace, nn.Module module) : IModuleListener
    {
        private FlowSearch? _only;
        private bool _isCalled;
        private bool _isShared;

        public ModuleHook? Hook { get; set; }

        public bool IsAside => true;

        public void Fired(Forward forward, object? input, object? result)
        {
            var given = input is Tensor taken && trace._given.TryGetValue(taken, out var known)
                && TensorVersion.Of(taken) == known.Version ? known : null;
            if (!_isCalled)
                (_isCalled, _only, _isShared) = (true, given?.Search, given is null);
            else if (!_isShared && given?.Search != _only)
            {
                _isShared = true;
                _only!.Lost(module);
            }

            if (!_isShared && result is Tensor output && !FeaturePointFinder.LeavesNoMeans(module, output.dim() > 1 ? output.shape[1] : 0))
                given!.Search.Took(forward, module, given.Features, output);
        }
    }
}
