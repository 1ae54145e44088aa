using System.Numerics;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Collects a bounded number of rows of what a layer sees and gives, call by call.</summary>
internal sealed class SampleRows : IDisposable
{
    private readonly List<Tensor> _inputs = [];
    private readonly List<Tensor> _outputs = [];
    private readonly List<Tensor> _labels = [];

    private int _compared;
    private long _lastStep;
    private bool _givesProbabilities = true;

    public bool IsEmpty => _inputs.Count == 0;

    /// <summary>Whether the layer's outputs gave the model's class probabilities in every batch: it is the network's head.</summary>
    public bool IsHead => _givesProbabilities && _compared > 0;

    public void Add(Tensor input, Tensor output, Tensor? labels, int most)
    {
        _inputs.Add(Some(input, most));
        _outputs.Add(Some(output, most));
        _lastStep = Step(output, most);
        if (labels is null || input.NumberOfElements != labels.shape[0] * input.shape[^1])
            return;
        using var column = labels.unsqueeze(1);
        _labels.Add(Every(column, Step(input, most)));
    }

    /// <summary>Compares what the layer gave last with what the model gave.</summary>
    /// <param name="output">The model's first result tensor; null where it gives none.</param>
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
            _givesProbabilities = false;
            return;
        }

        // Logits and their log_softmax have the same probabilities.
        using var rows = Every(output, _lastStep);
        _givesProbabilities = rows.shape[0] == last.shape[0]
            && (rows.to(ScalarType.Float32).softmax(1) - last.to(ScalarType.Float32).softmax(1)).abs().max().item<float>() < 1e-3f;
    }

    public LayerSample Join()
    {
        using var scope = NewDisposeScope();
        return new LayerSample(cat(_inputs).DetachFromDisposeScope(), cat(_outputs).DetachFromDisposeScope(),
            _labels.Count == _inputs.Count ? cat(_labels).squeeze(1).DetachFromDisposeScope() : null)
        {
            IsHead = IsHead,
        };
    }

    /// <summary>At most so many rows of some features, evenly spaced, as a copy of its own.</summary>
    public static Tensor Some(Tensor features, int most) => Every(features, Step(features, most));

    private static long Step(Tensor features, int most)
    {
        var rows = features.NumberOfElements / Math.Max(1, features.shape[^1]);
        var step = Math.Max(1, (rows + most - 1) / most);
        // A step that shares a factor with the tokens of a sample would meet the same few tokens in every sample.
        var perSample = rows / Math.Max(1, features.shape[0]);
        while (BigInteger.GreatestCommonDivisor(step, perSample) > 1)
            step++;
        return step;
    }

    private static Tensor Every(Tensor features, long step)
    {
        using var scope = NewDisposeScope();
        var flat = features.detach().reshape(-1, features.shape[^1]);
        return (step > 1 ? flat.slice(0, 0, flat.shape[0], step) : flat).clone().DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _inputs.Concat(_outputs).Concat(_labels))
            tensor.Dispose();
    }
}
