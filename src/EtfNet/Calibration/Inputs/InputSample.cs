using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Keeps copies of a bounded number of the model's training inputs, spread over the epoch, with their labels where they come one to one.</summary>
internal sealed class InputSample : IDisposable
{
    private const long MaxBytes = 64L << 20;

    private readonly nn.Module _model;
    private readonly int _maxRows;
    private readonly ModelCalls? _calls;
    private readonly List<Batch> _batches = [];
    private long _rows;
    private long _bytes;
    private int _forwards;
    private int _stride = 1;
    private bool _paused;

    public InputSample(nn.Module model, int maxRows)
    {
        _model = model;
        _maxRows = maxRows;
        _calls = ModelCalls.Attach(model, Before, () => InForward = false);
    }

    /// <summary>Whether the model was called in the running epoch and can be called again with what was kept.</summary>
    public bool CanReplay => _calls is not null && _batches.Count > 0;

    /// <summary>How many batches are kept.</summary>
    public int BatchCount => _batches.Count;

    /// <summary>Whether a call of the model has begun and not come back; one that threw leaves this set until the next.</summary>
    public bool InForward { get; private set; }

    /// <summary>How many training forwards the last whole epoch had; a resumed run continues with it.</summary>
    public int ForwardsPerEpoch { get; set; }

    /// <summary>The kept batches that have labels.</summary>
    public IEnumerable<(Tensor?[] Inputs, Tensor Labels)> Labeled =>
        _batches.Where(batch => batch.Labels is not null).Select(batch => (batch.Inputs, batch.Labels!));

    /// <summary>Gives the newest kept batch its labels, where their number agrees.</summary>
    public void Observe(Tensor labels)
    {
        if (_batches.Count > 0 && _batches[^1] is { Labels: null } last && last.Forward == _forwards && last.Inputs[0]!.shape[0] == labels.shape[0])
            last.Labels = labels.detach().clone().DetachFromDisposeScope();
    }

    /// <summary>Calls the model with every kept batch; nothing that it does then is kept.</summary>
    /// <param name="after">Takes the first tensor of the result, if any, and the batch's labels, where they are known.</param>
    /// <param name="before">Takes the labels before the call.</param>
    public void ReplayAll(Action<Tensor?, Tensor?> after, Action<Tensor?> before)
    {
        foreach (var batch in _batches)
        {
            using var scope = NewDisposeScope();
            before(batch.Labels);
            after(Replay(batch.Inputs), batch.Labels);
        }
    }

    /// <summary>Calls the model with one batch and gives its first tensor, of the open dispose scope.</summary>
    public Tensor? Replay(Tensor?[] inputs)
    {
        _paused = true;
        try
        {
            return _calls!.Replay(inputs);
        }
        finally
        {
            _paused = false;
            InForward = false;
        }
    }

    /// <summary>Forgets the epoch's batches and begins the next.</summary>
    public void NextEpoch()
    {
        ForwardsPerEpoch = _forwards;
        Clear();
    }

    public void Dispose()
    {
        _calls?.Dispose();
        Clear();
    }

    private void Before(Tensor?[] inputs)
    {
        InForward = true;
        if (_paused || !_model.training || !is_grad_enabled() || inputs[0] is not { } first || first.dim() == 0)
            return;
        if (_forwards == 0)
            _stride = Math.Max(1, (int)(ForwardsPerEpoch * first.shape[0] / _maxRows));
        var bytes = inputs.Sum(input => input is null ? 0 : input.NumberOfElements * input.ElementSize);
        if (_forwards++ % _stride == 0 && _rows < _maxRows && _bytes + bytes <= MaxBytes)
        {
            // Copies: the user may write the next batch into the same tensor.
            _batches.Add(new Batch([.. inputs.Select(input => input?.detach().clone().DetachFromDisposeScope())], _forwards));
            _rows += first.shape[0];
            _bytes += bytes;
        }
    }

    private void Clear()
    {
        _batches.ForEach(batch => batch.Dispose());
        _batches.Clear();
        (_rows, _bytes, _forwards) = (0, 0, 0);
    }

    private sealed class Batch(Tensor?[] inputs, int forward) : IDisposable
    {
        public Tensor?[] Inputs { get; } = inputs;

        public int Forward { get; } = forward;

        public Tensor? Labels { get; set; }

        public void Dispose()
        {
            foreach (var input in Inputs)
                input?.Dispose();
            Labels?.Dispose();
        }
    }
}
