using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Collects a bounded number of rows of what a layer sees and gives, call by call.</summary>
internal sealed class SampleRows(FixableLayer layer) : IDisposable
{
    private readonly List<Tensor> _inputs = [];
    private readonly List<Tensor> _outputs = [];
    private readonly List<Tensor> _labels = [];

    private int _compared;
    private long _lastStep;
    private bool _givesProbabilities = layer.Patch is null;
    private bool _givesOutputs = layer.Patch is null;

    public bool IsEmpty => _inputs.Count == 0;

    /// <summary>Whether the outputs of a linear layer gave the model's class probabilities in every batch: it is the network's
    /// head.</summary>
    public bool IsHead => _givesProbabilities && _compared > 0;

    /// <summary>Takes some rows of a call; an empty one, as where a gate sends a layer no sample, has none.</summary>
    public void Add(Tensor input, Tensor output, Tensor? labels, int most)
    {
        if (input.NumberOfElements == 0)
            return;
        var draw = RowDraw.Of(layer, input, most, seed: _inputs.Count);
        _inputs.Add(draw.Inputs(input));
        _outputs.Add(draw.Outputs(output));
        if (layer.Patch is null)
            _lastStep = EvenRows.Step(output, most);
        if (labels is not null && draw.Labels(labels, input) is { } rows)
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
        var last = _outputs[^1];
        if (_outputs.Count != _compared || output is null || output.dim() < 2 || output.shape[^1] != last.shape[1]
            || !is_floating_point(output))
        {
            (_givesProbabilities, _givesOutputs) = (false, false);
            return;
        }

        // Logits and their log_softmax have the same probabilities.
        using var rows = EvenRows.Every(output, _lastStep);
        _givesOutputs &= _lastStep == 1 && rows.dtype == last.dtype && rows.shape[0] == last.shape[0] && rows.eq(last).all().item<bool>();
        _givesProbabilities = rows.shape[0] == last.shape[0]
            && (rows.to(ScalarType.Float32).softmax(1) - last.to(ScalarType.Float32).softmax(1)).abs().max().item<float>() < 1e-3f;
    }

    public LayerSample Join()
    {
        using var scope = NewDisposeScope();
        var isLabeled = _labels.Count == _inputs.Count;
        return new LayerSample(cat(_inputs).DetachFromDisposeScope(), cat(_outputs).DetachFromDisposeScope(),
            isLabeled ? cat(_labels).DetachFromDisposeScope() : null)
        {
            IsHead = IsHead,
            IsOutput = IsHead && _givesOutputs && isLabeled,
        };
    }

    public void Dispose()
    {
        foreach (var tensor in _inputs.Concat(_outputs).Concat(_labels))
            tensor.Dispose();
    }
}
