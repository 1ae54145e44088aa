using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Collects a bounded number of rows of what a layer sees and gives, call by call.</summary>
internal sealed class SampleRows(FixableLayer layer) : IDisposable
{
    private readonly List<Tensor> _inputs = [];
    private readonly List<Tensor> _outputs = [];
    private readonly List<Tensor> _labels = [];

    private RowDraw? _draw;
    private long[] _shape = [];
    private Tensor? _means;
    private int _compared;
    private long _lastStep;
    private bool _givesProbabilities = true;
    private bool _isPooled;
    private bool _givesOutputs = layer.Patch is null;

    public bool IsEmpty => _inputs.Count == 0;

    /// <summary>Whether the outputs gave the model's class probabilities in every batch: it is the network's head.</summary>
    public bool IsHead => _givesProbabilities && _compared > 0 && !_isPooled;

    /// <summary>Whether the means of a convolution's outputs over positions did.</summary>
    public bool IsPooledHead => _givesProbabilities && _compared > 0 && _isPooled;

    /// <summary>Takes some rows of a call; an empty one, as where a gate sends a layer no sample, has none.</summary>
    public void Add(Tensor input, Tensor output, Tensor? labels, int most)
    {
        if (input.NumberOfElements == 0)
            return;
        _draw = RowDraw.Of(layer, input, most, seed: _inputs.Count);
        _inputs.Add(_draw.Inputs(input));
        _outputs.Add(_draw.Outputs(output));
        _shape = output.shape;
        if (layer.Patch is null)
            _lastStep = EvenRows.Step(output, most);
        else if (_givesProbabilities && output.dim() > 2)
            Keep(output);
        if (labels is not null && _draw.Labels(labels, input) is { } rows)
            _labels.Add(rows);
    }

    /// <summary>Compares what the layer gave last with what the model gave.</summary>
    /// <param name="output">What the model gives (<see cref="OutputChoice"/>); null where that is no tensor.</param>
    public void Compare(Tensor? output)
    {
        if (!_givesProbabilities || IsEmpty)
            return;
        using var scope = NewDisposeScope();
        _compared++;
        if (_outputs.Count != _compared || output is null || output.dim() < 2 || !is_floating_point(output)
            || SameRows(output, scope) is not var (given, own))
        {
            (_givesProbabilities, _givesOutputs) = (false, false);
            return;
        }

        _givesOutputs &= _lastStep == 1 && given.dtype == own.dtype && given.eq(own).all().item<bool>();
        _givesProbabilities =
            (ClassScores.Logits(given).softmax(1) - own.to(ScalarType.Float32).softmax(1)).abs().max().item<float>() < 1e-3f;
    }

    public LayerSample Join()
    {
        using var scope = NewDisposeScope();
        var isLabeled = _labels.Count == _inputs.Count;
        return new LayerSample(cat(_inputs).DetachFromDisposeScope(), cat(_outputs).DetachFromDisposeScope(),
            isLabeled ? cat(_labels).DetachFromDisposeScope() : null)
        {
            IsHead = IsHead,
            IsPooledHead = IsPooledHead,
            IsOutput = IsHead && _givesOutputs && isLabeled,
        };
    }

    public void Dispose()
    {
        foreach (var tensor in _inputs.Concat(_outputs).Concat(_labels))
            tensor.Dispose();
        _means?.Dispose();
    }

    /// <summary>Keeps the means over positions of what a convolution gave.</summary>
    private void Keep(Tensor output)
    {
        using var scope = NewDisposeScope();
        _means?.Dispose();
        _means = output.detach().flatten(2).to(ScalarType.Float32).mean([2L]).DetachFromDisposeScope();
    }

    /// <summary>Rows of what the model gave and of what the layer gave last that stand at the same places; null where the one cannot be
    /// the other.</summary>
    private (Tensor Given, Tensor Own)? SameRows(Tensor output, DisposeScope scope)
    {
        var last = _outputs[^1];
        if (layer.Patch is null)
        {
            if (output.shape[^1] != last.shape[1])
                return null;
            var rows = EvenRows.Every(output, _lastStep);
            scope.Attach(rows);
            return rows.shape[0] == last.shape[0] ? (rows, last) : null;
        }

        // A map of one position is a row.
        var maps = output.dim() == 2 && output.numel() == _shape.Aggregate(1L, (all, side) => all * side) && output.shape[0] == _shape[0]
            ? output.reshape(_shape) : output;
        if (maps.shape.AsSpan().SequenceEqual(_shape))
        {
            var rows = _draw!.Outputs(maps);
            scope.Attach(rows);
            return (rows, last);
        }

        _isPooled = _means is not null && output.shape.AsSpan().SequenceEqual(_means.shape);
        return _isPooled ? (output, _means!) : null;
    }
}
