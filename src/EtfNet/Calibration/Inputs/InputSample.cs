using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Keeps copies of a bounded number of the model's training inputs, drawn from the whole epoch by a seed, with the labels that the match
/// gave them.
/// </summary>
/// <remarks>
/// <para>Each forward draws a number, and the batches with the least numbers are kept, whole, as many as hold the wanted rows: each batch
/// of the epoch is as likely as any other. A forward that nobody labels is kept only where no forward is labeled at all; a second forward
/// of the very same input is not kept.</para>
/// <para>What is kept is the input before any hook of the user's changed it. A replay (<see cref="ForwardObserver.Replay"/>) passes copies
/// of it to the model, and runs only those of the user's hooks that change what passes.</para>
/// </remarks>
internal sealed class InputSample : IForwardSubscriber, IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly Func<(long Seed, int Epoch)>? _draw;
    private readonly SampleStore _store;
    private readonly Lock _lock = new();
    private int _begun;
    private long _rows;
    private bool _isGiven;

    /// <param name="forwards">The forwards to keep inputs of.</param>
    /// <param name="maxRows">How many rows to keep at least, where there are so many.</param>
    /// <param name="draw">The seed and the epoch by which batches are drawn; null for always the same.</param>
    public InputSample(ObservedForwards forwards, int maxRows, Func<(long Seed, int Epoch)>? draw = null)
    {
        _forwards = forwards;
        _store = new SampleStore(maxRows);
        _draw = draw;
        forwards.Subscribe(this);
    }

    /// <summary>Whether the model was called in the running epoch and can be called again with what was kept.</summary>
    public bool CanReplay => _forwards.Observer.CanReplay && !_store.IsEmpty;

    /// <summary>How many samples the running epoch's forwards had; null where given batches take their place.</summary>
    public long? EpochRows => _isGiven ? null : _rows;

    /// <summary>How many samples the kept batches hold.</summary>
    public long KeptRows => _store.KeptRows;

    /// <summary>How many batches are kept.</summary>
    public int BatchCount => _store.Kept.Count;

    /// <summary>
    /// Whether a call of the model has begun on this thread and not returned; a call that threw leaves this set until the next one.
    /// </summary>
    public bool InForward => _forwards.Observer.InForward;

    /// <summary>The norms that were in evaluation mode at the epoch's first training forward: whatever validated the model before the
    /// epoch's end, those alone are the ones that the user keeps so. Null where there was no such forward.</summary>
    public IReadOnlySet<nn.Module>? FrozenNorms { get; private set; }

    /// <summary>How many training forwards the last whole epoch had; a resumed run continues with it.</summary>
    public int ForwardsPerEpoch { get; set; }

    /// <summary>The kept batches that have labels, one per sample or one per position.</summary>
    public IEnumerable<(Tensor?[] Inputs, Tensor Labels)> Labeled =>
        _store.Kept.Where(batch => batch.Labels is not null).Select(batch => (batch.Inputs, batch.Labels!));

    /// <summary>What marks a row without a label among <see cref="Labeled"/>; null for none.</summary>
    public long? IgnoreIndex => _forwards.Options.IgnoreIndex;

    /// <summary>Calls the model with every kept batch, in the order of the epoch; nothing that it does then is kept.</summary>
    /// <param name="after">
    /// Takes the tensors of the result (only one, if the user's options pick the class scores) and the batch's labels as they came, if
    /// known.
    /// </param>
    /// <param name="before">Takes the labels before the call, in one dimension; null also where a row is without a label.</param>
    public void ReplayAll(Action<IReadOnlyList<Tensor>, Tensor?> after, Action<Tensor?> before)
    {
        foreach (var batch in _store.Kept)
        {
            using var scope = NewDisposeScope();
            before(Rows(batch.Labels));
            after(Outputs(Replay(batch.Inputs)), batch.Labels);
        }
    }

    /// <summary>Calls the model with one batch and gives its result, of the open dispose scope.</summary>
    /// <exception cref="ReplayException">The model threw.</exception>
    public object? Replay(Tensor?[] inputs)
    {
        try
        {
            return _forwards.Observer.Replay(inputs);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new ReplayException(exception);
        }
    }

    /// <summary>Keeps some of these batches, drawn like those of an epoch, instead of the epoch's.</summary>
    public void Take(IEnumerable<(Tensor Input, Tensor Labels)> batches)
    {
        lock (_lock)
        {
            Clear();
            _isGiven = true;
            var (seed, epoch) = _draw?.Invoke() ?? (0, 0);
            foreach (var (index, (input, labels)) in batches.Where(batch => batch.Input.NumberOfElements > 0).Index())
            {
                var draw = SeededDraw.Uniform(seed, epoch, index);
                if (!_store.Takes(draw, input.shape[0], input.NumberOfElements * input.ElementSize))
                    continue;
                _store.Add(new SampleBatch(null, [TensorsOf.Copy(input)], draw) { Labels = TensorsOf.Copy(labels) });
            }
        }
    }

    /// <summary>
    /// Drops batches, those with the greatest numbers first, while the rest has more than <paramref name="rows"/> rows and would keep at
    /// least <paramref name="least"/>. The ranks' shares of one step have one number, and stay or go together.
    /// </summary>
    public void Trim(long rows, long least)
    {
        lock (_lock)
            _store.Trim(rows, least);
    }

    /// <summary>The kept batches, those without labels only where no batch has any.</summary>
    public IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)> Batches => [.. _store.Kept.Select(batch => (batch.Inputs, batch.Labels))];

    /// <summary>Adds the kept batches of other ranks: the first of each rank, then the second of each, as one process would have seen
    /// them.</summary>
    /// <param name="others">For each rank its batches; they are this object's from now on.</param>
    /// <param name="whole">Whether the ranks' shares of a step become one batch, as batch norms that saw them as one need it.</param>
    public void Join(IReadOnlyList<IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)>> others, bool whole)
    {
        lock (_lock)
        {
            _store.Join(others, whole);
            _rows *= others.Count + 1;
        }
    }

    /// <summary>Forgets the epoch's batches and begins the next.</summary>
    public void NextEpoch()
    {
        ForwardsPerEpoch = _begun;
        FrozenNorms = null;
        Clear();
    }

    public void Dispose()
    {
        _forwards.Unsubscribe(this);
        Clear();
    }

    public void Begun(Forward forward, object?[] inputs)
    {
        lock (_lock)
        {
            var index = _begun++;
            FrozenNorms ??= ModuleTree.Walk(_forwards.Observer.Model).Select(node => node.Module)
                .Where(module => module is NormBase { training: false }).ToHashSet<nn.Module>(ReferenceEqualityComparer.Instance);
            _rows += inputs is [Tensor { shape: [var samples, ..] }, ..] ? samples : 0;
            // An empty batch shows nothing.
            if (!_forwards.Observer.CanReplay || inputs[0] is not Tensor first || first.dim() == 0 || first.NumberOfElements == 0)
                return;
            var (seed, epoch) = _draw?.Invoke() ?? (0, 0);
            var draw = SeededDraw.Uniform(seed, epoch, index);
            if (!_store.Takes(draw, first.shape[0], inputs.OfType<Tensor>().Sum(input => input.NumberOfElements * input.ElementSize)))
                return;
            // Copies: the user may write the next batch into the same tensor.
            _store.AddDrawn(new SampleBatch(
                forward, [.. inputs.Select(input => input is Tensor tensor ? TensorsOf.Copy(tensor) : null)], draw));
        }
    }

    void IForwardSubscriber.Labeled(Forward forward, Tensor labels)
    {
        lock (_lock)
            if (_store.Find(forward) is { } batch)
            {
                (batch.Forward, batch.Labels) = (null, TensorsOf.Copy(labels));
                _store.Settle();
            }
    }

    public void LetGo(Forward forward, bool isDuplicate)
    {
        lock (_lock)
            if (_store.Find(forward) is { } batch)
            {
                batch.Forward = null;
                if (isDuplicate)
                    _store.Remove(batch);
                else if (_store.HasLabels)
                    _store.Drop(batch);
                else
                    _store.Settle();
            }
    }

    private IReadOnlyList<Tensor> Outputs(object? result) =>
        result is not null && _forwards.Options.Logits is { } pick ? pick(result) is { } scores ? [scores] : [] : TensorsOf.All(result);

    private Tensor? Rows(Tensor? labels) =>
        labels is null || (IgnoreIndex is { } ignored && labels.eq(ignored).any().item<bool>()) ? null : labels.reshape(-1);

    private void Clear()
    {
        lock (_lock)
        {
            _store.Clear();
            (_begun, _rows, _isGiven) = (0, 0, false);
        }
    }
}
