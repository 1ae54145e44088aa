using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Finds the <c>Sequential</c> whose output a model of another kind returns unchanged: cutting its end cuts the model's.
/// </summary>
internal sealed class WholeFinder
{
    private readonly List<Candidate> _candidates;

    /// <param name="nodes">All modules of the model.</param>
    /// <param name="forwards">The forwards to look at.</param>
    public WholeFinder(IReadOnlyList<ModuleNode> nodes, ObservedForwards forwards)
    {
        _candidates = PlainSequential.Of(nodes[0].Module) is not null ? [] :
        [
            .. nodes.Where(node => node.Aliases.Count == 0 && PlainSequential.Of(node.Module) is not null)
                .Where(node => PlainSequential.Of(node.Parent) is null)
                .Select(node => new Candidate(node.Path)),
        ];
        foreach (var candidate in _candidates)
            forwards.Observer.Listen(nodes.First(node => node.Path == candidate.Path).Module, forwards, candidate);
    }

    /// <summary>Its path; empty where the model is itself one, or has none.</summary>
    public string Path => _candidates.Find(candidate => candidate.IsWhole)?.Path ?? "";

    /// <summary>Begins a forward, and forgets what an unfinished one showed.</summary>
    public void Begin() => _candidates.ForEach(candidate => candidate.Begin());

    /// <summary>Takes a forward that has ended.</summary>
    public void Judge(Forward seen)
    {
        foreach (var candidate in _candidates)
            candidate.Judge(seen);
    }

    private sealed class Candidate(string path) : IModuleListener
    {
        private Tensor? _result;
        private int _calls;
        private bool _wasRefuted;
        private bool _wasSeen;

        public string Path => path;

        public bool IsWhole => _wasSeen && !_wasRefuted;

        public void Fired(Forward forward, object? input, object? result) => (_result, _calls) = (result as Tensor, _calls + 1);

        public void Begin() => (_result, _calls) = (null, 0);

        /// <summary>Checks that it was called once in the forward, and that its result is the object that the model returned.</summary>
        public void Judge(Forward seen)
        {
            _wasSeen = true;
            _wasRefuted |= _calls != 1 || _result is null || !seen.ReturnedOnly(_result);
            Begin();
        }
    }
}
