using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The linear layers that classify: their outputs are the model's class scores. What goes into them is compared with their weights (NC3).
/// </summary>
/// <remarks>
/// Found in the first forward that shows them. Later ones keep inputs of these layers only, and only where no other features are the very
/// same tensor.
/// </remarks>
/// <param name="wanted">Whether heads are needed.</param>
/// <param name="takeInputs">Whether inputs are taken that are no other features.</param>
internal sealed class HeadFinder(bool wanted, bool takeInputs)
{
    private readonly Dictionary<string, HeadInput> _own = [];
    private bool _areKnown;

    /// <summary>For each head the name under which the statistics of its input are kept: another layer's, or one of its own.</summary>
    [State]
    public Dictionary<string, string> Inputs { get; } = [];

    /// <summary>How many outputs each head has.</summary>
    [State]
    public Dictionary<string, long> Widths { get; } = [];

    /// <summary>The inputs that are features of their own.</summary>
    public IReadOnlyCollection<HeadInput> Own => _own.Values;

    /// <summary>Whether the input of a layer must be kept until the forward is over.</summary>
    public bool WantsInputOf(LayerTap tap) => wanted && (!_areKnown || _own.ContainsKey(tap.Name));

    /// <summary>Takes the inputs and widths that a saved monitor knew: a forward need not show them again.</summary>
    public void Continue(Func<string, LayerTap?> tap)
    {
        _own.Clear();
        foreach (var (name, input) in Inputs.ToList())
        {
            var own = wanted && Widths.ContainsKey(name) && tap(name) is { } head ? new HeadInput(head) : null;
            if (own is null || (own.Name == input && !takeInputs))
                Inputs.Remove(name);
            else if (own.Name == input)
                _own[name] = own;
        }

        _areKnown = Inputs.Count > 0;
    }

    /// <summary>The next forward that counts shows the classifiers anew.</summary>
    public void Forget()
    {
        Inputs.Clear();
        Widths.Clear();
        _own.Clear();
        _areKnown = false;
    }

    /// <summary>Takes what the forward's end tells of its candidates, and lets go of them.</summary>
    /// <param name="forward">The forward.</param>
    /// <param name="outputs">The tensors that the model returned.</param>
    /// <param name="logits">Its class scores; null where they are not known.</param>
    /// <param name="classCount">The number of classes, where it is known.</param>
    public void Settle(Forward forward, IReadOnlyList<Tensor> outputs, Tensor? logits, int? classCount)
    {
        if (wanted && !_areKnown && forward.Candidates.Count > 0)
        {
            _areKnown = true;
            foreach (var head in Find(forward, outputs, logits, classCount).Where(head => head.Input is not null))
                Settle(head, forward);
        }

        foreach (var candidate in forward.Candidates)
        {
            if (candidate.Input is not null && _own.TryGetValue(candidate.Tap.Name, out var input))
                forward.Add(input.Take(candidate.Input));
            candidate.Dispose();
        }

        forward.Candidates.Clear();
    }

    private static IEnumerable<HeadCandidate> Find(Forward forward, IReadOnlyList<Tensor> outputs, Tensor? logits, int? classCount)
    {
        long? classes = logits is null ? classCount : LogitsChoice.Width(logits);
        var wide = forward.Candidates.Where(candidate => classes is null || candidate.Width == classes).ToList();
        // Several exits return several heads' outputs; a softmax behind the only one hides which it was.
        var returned = wide.Where(candidate => outputs.Any(output => ReferenceEquals(output, candidate.Output)))
            .DistinctBy(candidate => candidate.Tap).ToList();
        return returned.Count > 0 ? returned : wide.TakeLast(1);
    }

    private void Settle(HeadCandidate head, Forward forward)
    {
        if (forward.Features.Find(features => features.Shares(head.Input!)) is { } same)
            Inputs[head.Tap.Name] = same.Source.Name;
        // The model's own input is not a feature.
        else if (takeInputs && forward.Inputs?.Holds(head.Input!) != true)
            Inputs[head.Tap.Name] = (_own[head.Tap.Name] = new HeadInput(head.Tap)).Name;
        Widths[head.Tap.Name] = head.Width;
    }
}
