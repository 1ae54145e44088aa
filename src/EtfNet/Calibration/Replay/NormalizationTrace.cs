using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Learns during a pass which normalization takes exactly the output of a layer, whatever the model's structure shows.</summary>
internal sealed class NormalizationTrace : IDisposable
{
    private readonly List<Action> _removers = [];
    private readonly Dictionary<Tensor, nn.Module> _outputs = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<nn.Module, int> _calls = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<nn.Module, List<OutputNormalization>> _taken = new(ReferenceEqualityComparer.Instance);

    public NormalizationTrace(nn.Module model)
    {
        foreach (var node in ModuleTree.Walk(model))
            if (node.Module is nn.Module<Tensor, Tensor> norm and (NormBase or GroupNorm or LayerNorm))
                _removers.Add(norm.register_forward_pre_hook((_, input) =>
                {
                    if (_outputs.TryGetValue(input, out var layer))
                        _taken[layer].Add(Of(norm, layer, input));
                    return null!;
                }).remove);
    }

    /// <summary>Records an output of a layer.</summary>
    public void Gave(nn.Module layer, Tensor output)
    {
        _outputs[output] = layer;
        _calls[layer] = _calls.GetValueOrDefault(layer) + 1;
        _taken.TryAdd(layer, []);
    }

    /// <summary>Forgets the outputs of the batch.</summary>
    public void NextBatch() => _outputs.Clear();

    /// <summary>The normalization that took every output of a layer; none where one output went without, or several normalizations took
    /// them. Other consumers of an output are not seen; a trial measures what they cost.</summary>
    public OutputNormalization Of(nn.Module layer) =>
        _taken.TryGetValue(layer, out var taken) && taken.Count == _calls[layer] && taken.Distinct().Count() == 1
            ? taken[0]
            : OutputNormalization.None;

    public void Dispose() => _removers.ForEach(remove => remove());

    /// <summary>What a normalization does to the outputs of a layer. None for a batch norm in evaluation mode, which is a fixed scale, for
    /// what normalizes over positions or parts of a map, and for maps that are not batched.</summary>
    private static OutputNormalization Of(nn.Module norm, nn.Module layer, Tensor outputs)
    {
        var sides = outputs.dim();
        var isOfMaps = layer is Convolution or SimplexEtfConvolution;
        if (isOfMaps && sides != (layer is Conv1d or SimplexEtfConv1d ? 3 : 4))
            return OutputNormalization.None;
        var features = outputs.shape[isOfMaps ? 1 : ^1];
        // A map of one position is a sample.
        var isOfSamples = outputs.numel() == outputs.shape[0] * features;
        return norm switch
        {
            BatchNorm { training: false } => OutputNormalization.None,
            NormBase when isOfMaps || sides == 2 => OutputNormalization.Features,
            GroupNorm group when isOfMaps => OutputNormalization.OfGroups(group.num_groups, features, isOfSamples),
            LayerNorm { normalized_shape.Length: 1 } when !isOfMaps => OutputNormalization.Samples,
            LayerNorm whole when whole.normalized_shape.Length == sides - 1 => OutputNormalization.OfGroups(1, features, isOfSamples),
            _ => OutputNormalization.None,
        };
    }
}
