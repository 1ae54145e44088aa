using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What one call of a layer gave: its features, one vector per sample or per position.</summary>
/// <param name="Source">Where they come from.</param>
/// <param name="Pooled">Rows x features: one row per sample, or per position where that was asked for.</param>
/// <param name="Raw">The output itself, where labels may still turn out to be one per position; null otherwise.</param>
/// <param name="Positions">How many positions the output has.</param>
internal sealed record LayerFeatures(IFeatureSource Source, Tensor Pooled, Tensor? Raw, long Positions) : IDisposable
{
    private Tensor? _perPosition;

    /// <summary>How often what is kept had been written in place when it was taken; null where that is not known, or need not
    /// be.</summary>
    public long? Version { get; init; }

    public long Rows => Pooled.shape[0];

    public long Width => Pooled.shape[1];

    public long Bytes => Pooled.NumberOfElements * Pooled.ElementSize + (Raw is null ? 0 : Raw.NumberOfElements * Raw.ElementSize);

    /// <summary>The rows that labels of a kind belong to.</summary>
    public Tensor For(LabelKind kind) => kind != LabelKind.PerPosition || Raw is null ? Pooled : _perPosition ??= Source.PoolPositions(Raw);

    /// <summary>Whether what is kept for labels of a kind has been written in place since: it is the layer's no longer.</summary>
    public bool IsOverwritten(LabelKind kind)
    {
        var kept = Raw ?? Pooled;
        var uses = Raw is null || kind == LabelKind.PerPosition || TensorVersion.Address(Raw) == TensorVersion.Address(Pooled);
        return uses && Version is { } version && TensorVersion.Of(kept) is { } now && now != version;
    }

    /// <summary>Whether they are the very numbers of a tensor: same memory, same shape.</summary>
    public bool Shares(Tensor other) => IsSame(Raw ?? Pooled, other);

    public void Dispose()
    {
        Pooled.Dispose();
        Raw?.Dispose();
        _perPosition?.Dispose();
    }

    private static bool IsSame(Tensor one, Tensor other) =>
        one.shape.AsSpan().SequenceEqual(other.shape) && TensorVersion.Address(one) is var address && address != IntPtr.Zero
            && address == TensorVersion.Address(other);
}
