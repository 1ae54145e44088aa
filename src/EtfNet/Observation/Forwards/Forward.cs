using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What one forward showed: features of layers, and the model's output.</summary>
internal sealed class Forward : IDisposable
{
    private readonly ForwardOutputs _outputs = new();
    private long? _samples;
    private long? _positions;

    /// <summary>The features of layers, in the order of the calls.</summary>
    public List<LayerFeatures> Features { get; } = [];

    /// <summary>Layers whose output might be the model's logits, until it has come.</summary>
    public List<HeadCandidate> Candidates { get; } = [];

    /// <summary>Why a layer's features could not be taken, by its name.</summary>
    public Dictionary<string, string> Problems { get; } = [];

    /// <summary>The call under way; null afterwards.</summary>
    public ForwardCall? Call { get; set; }

    /// <summary>Identifies its inputs; null if the model itself was not called.</summary>
    public InputMark? Inputs { get; set; }

    /// <summary>What the model was called with, where the forward is captured; empty otherwise.</summary>
    public object?[] Given { get; private set; } = [];

    public required ScopeChain Scopes { get; init; }

    /// <summary>What wants to know when features come; null for nobody.</summary>
    public IFeatureClock? Clock { get; init; }

    /// <summary>Whether layers opened it, the model itself not having been called.</summary>
    public bool IsOpenedByLayers { get; init; }

    /// <summary>Which tokens count, not zero where they do; null where all do.</summary>
    public Lazy<Tensor?>? TokenMask { get; set; }

    /// <summary>The model's class scores, without gradient; null where it is not known which of its outputs they are.</summary>
    public Tensor? Logits { get; private set; }

    /// <summary>Whether the model's result was seen.</summary>
    public bool HasResult => _outputs.Any;

    /// <summary>
    /// The number of samples: the rows of the model's output where a layer agrees, else those of most layers; 0 where no layer was seen.
    /// </summary>
    public long Samples => _samples ??= Rows(features => features.Rows, shape => [shape[0]]);

    /// <summary>The number of positions, found in the same way.</summary>
    public long Positions => _positions ??= Rows(
        features => features.Positions,
        shape => [FeaturePooler.Positions(shape, FeatureLayout.ChannelsLast), FeaturePooler.Positions(shape, FeatureLayout.ChannelsFirst)]);

    /// <summary>The bytes held until labels come.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many of them have been counted where forwards wait.</summary>
    public long WaitingBytes { get; set; }

    public long Count(LabelKind kind) => kind == LabelKind.PerPosition ? Positions : Samples;

    /// <summary>The model is called, once more where several calls are taken as one.</summary>
    public void Begin(object?[] inputs, Lazy<Tensor?>? tokenMask)
    {
        Inputs?.Dispose();
        (Inputs, TokenMask, Given) = (InputMark.Of(inputs), tokenMask, inputs);
    }

    public void Add(LayerFeatures features)
    {
        Features.Add(features);
        Bytes += features.Bytes;
        (_samples, _positions) = (null, null);
    }

    /// <summary>Replaces features by others of the same layer; the old ones then belong to the caller.</summary>
    /// <returns>False if the old ones are gone; nothing has changed then.</returns>
    public bool Swap(LayerFeatures old, LayerFeatures features)
    {
        if (Features.FindIndex(one => ReferenceEquals(one, old)) is not (var index and >= 0))
            return false;
        Features[index] = features;
        Bytes += features.Bytes - old.Bytes;
        (_samples, _positions) = (null, null);
        return true;
    }

    /// <summary>Takes the model's result; called again where the model is called again within one batch.</summary>
    /// <param name="outputs">The tensors in it.</param>
    /// <param name="logits">Which of them, or of what it was made of, are the class scores; null where that is not known.</param>
    public void Complete(IReadOnlyList<Tensor> outputs, Tensor? logits)
    {
        _outputs.Add(outputs);
        (_samples, _positions) = (null, null);
        if (logits is { } scores && scores.dim() > 1)
        {
            Logits?.Dispose();
            Logits = scores.detach().DetachFromDisposeScope();
        }

        Bytes += (Inputs?.Bytes ?? 0) + (Logits is null ? 0 : Logits.NumberOfElements * Logits.ElementSize);
        Call = null;
    }

    /// <summary>Whether the model returned this very tensor.</summary>
    public bool Returned(Tensor output) => _outputs.Contain(output);

    /// <summary>Whether the model returned this very tensor and no other.</summary>
    public bool ReturnedOnly(Tensor output) => _outputs.Count == 1 && Returned(output);

    /// <summary>
    /// The width of the class scores; where those are not known, the greatest width of the model's outputs or of its last layer's.
    /// </summary>
    public int ClassWidth()
    {
        if (Logits is { } scores)
            return (int)ForwardOutputs.Columns(scores.shape);
        return (int)Math.Max(_outputs.Width, Features.Count == 0 ? 0 : Features[^1].Width);
    }

    public void Dispose()
    {
        foreach (var features in Features)
            features.Dispose();
        Features.Clear();
        foreach (var candidate in Candidates)
            candidate.Dispose();
        Candidates.Clear();
        Inputs?.Dispose();
        Given = [];
        if (TokenMask is { IsValueCreated: true })
            TokenMask.Value?.Dispose();
        Logits?.Dispose();
        Logits = null;
    }

    private long Rows(Func<LayerFeatures, long> ofLayer, Func<long[], long[]> ofOutput)
    {
        if (Features.Count == 0)
            return 0;
        var layers = Features.ConvertAll(features => ofLayer(features));
        return _outputs.RowsAmong(layers, ofOutput) ?? layers.GroupBy(rows => rows).MaxBy(group => group.Count())!.Key;
    }
}
