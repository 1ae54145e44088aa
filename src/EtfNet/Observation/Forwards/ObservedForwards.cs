using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The forwards of a model as one party observes them: those that wait for their labels, and which labels they get. One match of labels for
/// all that follow it.
/// </summary>
/// <remarks>
/// An accepted match takes its forwards and lets go of the others; a named one leaves them for further names. A refused one changes
/// nothing, so that it can be tried again. Either way, what still waits is let go when the next forward begins, so it never affects a later
/// step.
/// </remarks>
internal sealed class ObservedForwards : IDisposable
{
    private readonly Lock _lock = new();
    private readonly WaitingForwards _waiting;
    private readonly ThreadLocal<Forward?> _capturing = new();
    private readonly List<IForwardSubscriber> _subscribers = [];
    private int _suspensions;
    private bool _isOver;
    private volatile bool _isDisposed;

    public ObservedForwards(nn.Module model, ObservationOptions options)
    {
        Options = options;
        Kind = options.Kind;
        _waiting = new WaitingForwards(
            options.MaxPendingBytes,
            (forward, isDuplicate) => _subscribers.ForEach(subscriber => subscriber.LetGo(forward, isDuplicate)));
        Heads = new HeadFinder(options.FindHeads, options.TakeHeadInputs);
        Observer = ForwardObserver.Of(model);
        Observer.Join(this);
    }

    public ForwardObserver Observer { get; }

    public ObservationOptions Options { get; }

    /// <summary>Which layers are the model's classifiers, and where what goes into them is found.</summary>
    public HeadFinder Heads { get; }

    /// <summary>Whether labels are one per sample or one per position.</summary>
    public LabelKind Kind { get; private set; }

    /// <summary>Forwards whose labels never came.</summary>
    public long Unlabeled
    {
        get => _waiting.Unlabeled;
        set => _waiting.Unlabeled = value;
    }

    /// <summary>Takes what this thread's forwards show, in whatever mode, while set.</summary>
    public Forward? Capturing => _isDisposed ? null : _capturing.Value;

    public void Subscribe(IForwardSubscriber subscriber) => _subscribers.Add(subscriber);

    public void Unsubscribe(IForwardSubscriber subscriber) => _subscribers.Remove(subscriber);

    /// <summary>Forwards that begin until the result is disposed do not count, for anybody who follows this party.</summary>
    public IDisposable Suspend()
    {
        Interlocked.Increment(ref _suspensions);
        return new DisposeAction(() => Interlocked.Decrement(ref _suspensions));
    }

    /// <summary>Takes what this thread's forwards show into one, until the result is disposed.</summary>
    public IDisposable Capture(Forward forward)
    {
        _capturing.Value = forward;
        return new DisposeAction(() => _capturing.Value = null);
    }

    /// <summary>A forward that counts begins.</summary>
    public void Begin(ForwardCall call)
    {
        if (Volatile.Read(ref _suspensions) > 0)
            return;
        var byModel = call.Opener is null;
        var forward = new Forward
        {
            Call = call,
            Scopes = ScopeChain.Current(),
            Inputs = byModel ? InputMark.Of(call.Inputs) : null,
            TokenMask = MaskOf(call.Inputs),
            IsOpenedByLayers = !byModel,
        };
        lock (_lock)
        {
            if (_isOver)
                _waiting.LetGo();
            _isOver = false;
            // A forward that layers open has no end: it waits from its beginning, and is complete when the next begins.
            if (!byModel)
            {
                _waiting.WeighLast();
                _waiting.Add(forward);
            }
        }

        call.Add(this, forward);
        if (!byModel)
            return;
        InputsCame?.Invoke(forward, call.Inputs);
        _subscribers.ForEach(subscriber => subscriber.Begun(forward, call.Inputs));
    }

    /// <summary>The model is called within a capture.</summary>
    public void BeginCapture(Forward capture, object?[] inputs)
    {
        capture.Begin(inputs, MaskOf(inputs));
        InputsCame?.Invoke(capture, inputs);
    }

    /// <summary>The model was called with some inputs, in a forward that counts or one that is captured.</summary>
    public event Action<Forward, object?[]>? InputsCame;

    /// <summary>A forward is over, and nothing was made of its features yet.</summary>
    public event Action<Forward>? Completed;

    /// <summary>The model's result has come.</summary>
    public void Complete(Forward forward, object? result)
    {
        if (_isDisposed)
        {
            forward.Dispose();
            return;
        }

        Completed?.Invoke(forward);
        var outputs = TensorsOf.All(result);
        var logits = LogitsChoice.Of(Options, result, outputs, forward);
        Heads.Settle(forward, outputs, logits, Options.ClassCount);
        forward.Complete(outputs, logits);
        if (ReferenceEquals(forward, Capturing))
            return;
        lock (_lock)
            _waiting.Add(forward);
    }

    /// <summary>Finds the forwards that labels belong to; changes nothing, but that a refusal is remembered.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="output">A tensor that the model returned, which names its forward; null for none.</param>
    /// <returns>The match; null where the model has shown nothing yet and its layers will be recorded from now on.</returns>
    /// <exception cref="InvalidOperationException">No forward waits.</exception>
    /// <exception cref="ArgumentException">The labels fit none, or several; or no forward that waits returned the output.</exception>
    public LabelMatch? Match(LabelForm labels, Tensor? output)
    {
        Observer.Silent.TryKept();
        lock (_lock)
        {
            // Refused until it is taken: whatever throws in between, the next forward starts afresh.
            _isOver = true;
            foreach (var forward in _waiting.All.Where(forward => forward.Call is not null))
            {
                forward.Call!.IsClosed = true;
                Completed?.Invoke(forward);
                Heads.Settle(forward, [], null, Options.ClassCount);
                forward.Complete([], null);
            }

            var waiting = _waiting.All.Where(forward => forward.Features.Count > 0).ToList();
            // The forward that showed that layers are called by forward() showed nothing else: its labels are not used.
            if (waiting.Count == 0 && _waiting.All.Count > 0 && Observer.StandIns.Any)
                return null;
            if (waiting.Count == 0)
                return NothingWaits();
            if (output is null)
            {
                var (kind, forwards) = LabelMatching.Find(waiting, labels, Kind, _waiting.SpaceNote());
                return new LabelMatch(kind, forwards, isNamed: false);
            }

            var named = waiting.Find(forward => forward.Returned(output)) ?? throw new ArgumentException(
                $"No forward that waits for labels returned this tensor (of shape ({string.Join(", ", output.shape)})). Pass the tensor "
                + $"object that the model's call returned, not one computed from it, in the step of the call.{_waiting.SpaceNote()}",
                nameof(output));
            var (its, found) = LabelMatching.Named(named, labels, Kind);
            return new LabelMatch(its, found, isNamed: true);
        }
    }

    /// <summary>Takes the forwards of a match; the caller disposes them. Subscribers get their labels.</summary>
    public void Take(LabelMatch match, LabelForm labels)
    {
        lock (_lock)
        {
            Kind = match.Kind;
            _waiting.ForgetSpace();
            var taken = match.Forwards.Select(entry => entry.Forward).ToList();
            foreach (var (forward, start, count) in match.Forwards)
            {
                _waiting.Remove(forward);
                using var slice = labels.Slice(start, count);
                _subscribers.ForEach(subscriber => subscriber.Labeled(forward, slice));
            }

            // Only the very same batch is settled by a name; what else waits may be named next.
            _waiting.LetGo(
                forward => !match.IsNamed || taken.Exists(other => LabelMatching.AreTheSame(other, forward)), taken);
        }
    }

    /// <summary>Ends an epoch: what the last match left over no longer waits.</summary>
    public void EndEpoch()
    {
        Observer.Silent.NextEpoch();
        lock (_lock)
            if (_isOver)
                _waiting.LetGo();
    }

    /// <summary>Lets go of all that waits, and forgets what labels were.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _waiting.LetGo();
            _waiting.ForgetSpace();
            (Unlabeled, Kind, _isOver) = (0, Options.Kind, false);
        }
    }

    /// <summary>Discards what layers opened, because the model itself is called from now on.</summary>
    public void LetGoOfLayersOwn()
    {
        lock (_lock)
            _waiting.LetGo(forward => forward.IsOpenedByLayers, []);
    }

    /// <summary>Reports that nothing of the model can be seen.</summary>
    /// <exception cref="InvalidOperationException">This party requires layers.</exception>
    public void NothingCanBeSeen(string obstacle)
    {
        if (Options.RequiresLayers)
            throw UnseenForwards.Because(obstacle);
    }

    public Lazy<Tensor?>? MaskOf(object?[] inputs)
    {
        if (Options.TokenMask is not { } mask)
            return null;
        var tensors = inputs.SelectMany(TensorsOf.All).ToList();
        return new Lazy<Tensor?>(() =>
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return mask(tensors)?.detach().alias().DetachFromDisposeScope();
        });
    }

    public void Dispose()
    {
        // A forward may be under way, in which other parties go on.
        _isDisposed = true;
        Observer.Quit(this);
        lock (_lock)
            _waiting.LetGo();
        _capturing.Dispose();
    }

    private LabelMatch? NothingWaits()
    {
        if (!Observer.HasSeenAnything && Observer.Model.parameters().Any(parameter => parameter.grad is { } grad && Has(grad)))
        {
            // It was used, by forward() all the way down: its layers can be seen from the next forward on, where they can be recorded.
            Observer.Silent.Try([]);
            if (Observer.StandIns.Any)
                return null;
        }

        throw UnseenForwards.NoneWaits(Observer);

        static bool Has(Tensor grad)
        {
            grad.Dispose();
            return true;
        }
    }
}
