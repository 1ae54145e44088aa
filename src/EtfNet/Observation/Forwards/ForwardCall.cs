namespace EtfNet;

/// <summary>A forward under way on a thread, and what each party records of it.</summary>
/// <param name="counts">Whether it began in training mode with gradients enabled, and is no replay.</param>
/// <param name="inputs">The model's inputs; empty where the model itself was not called.</param>
/// <param name="opener">The hook of the layer that opened it; null for a call of the model.</param>
internal sealed class ForwardCall(bool counts, object?[] inputs, ModuleHook? opener)
{
    private readonly List<(ObservedForwards Party, Forward Forward)> _forwards = [];

    public bool Counts { get; } = counts;

    public object?[] Inputs { get; private set; } = inputs;

    public ModuleHook? Opener { get; } = opener;

    /// <summary>Whether a forward that layers opened has its labels, so that the next layer that fires opens another one.</summary>
    public bool IsClosed { get; set; }

    /// <summary>How many further calls of the model are under way inside this one.</summary>
    public int Depth { get; set; }

    public IReadOnlyList<(ObservedForwards Party, Forward Forward)> Forwards => _forwards;

    public void Add(ObservedForwards party, Forward forward) => _forwards.Add((party, forward));

    /// <summary>What a party records; null where it does not take part.</summary>
    public Forward? Of(ObservedForwards party)
    {
        foreach (var (known, forward) in _forwards)
            if (ReferenceEquals(known, party))
                return forward;
        return null;
    }

    /// <summary>Lets go of the user's own tensors.</summary>
    public void End() => Inputs = [];

    /// <summary>Discards what was recorded, because the forward threw and gets no labels.</summary>
    public void Abandon()
    {
        End();
        foreach (var (_, forward) in _forwards)
            forward.Dispose();
        _forwards.Clear();
    }
}
