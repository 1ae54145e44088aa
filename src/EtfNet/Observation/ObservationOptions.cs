using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a party wants of the forwards that it observes.</summary>
internal sealed record ObservationOptions
{
    public int? ClassCount { get; init; }

    /// <summary>What marks a row without a label; null for none.</summary>
    public long? IgnoreIndex { get; init; }

    /// <summary>The bytes that may wait for their labels.</summary>
    public long MaxPendingBytes { get; init; } = long.MaxValue;

    /// <summary>Picks the class scores from what the model returns; null finds them.</summary>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gives the tokens that count from the model's input tensors; null where all do.</summary>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>Whether labels must be one per position, or one per sample; unknown where the first ones show it.</summary>
    public LabelKind Kind { get; init; }

    /// <summary>Whether to find the features that go into the model's classifier.</summary>
    public bool FindHeads { get; init; }

    /// <summary>Whether to keep these features if they are not already those of a watched layer.</summary>
    public bool TakeHeadInputs { get; init; }

    /// <summary>Whether a model none of whose layers can be seen is an error at its first forward.</summary>
    public bool RequiresLayers { get; init; }
}
