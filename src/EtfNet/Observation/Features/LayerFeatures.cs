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

    /// <summary>How often the source had changed the place that it takes features at.</summary>
    public int Generation { get; init; }

    public long Rows => Pooled.shape[0];

    public long Width => Pooled.shape[1];

    public long Bytes => Pooled.NumberOfElements * Pooled.ElementSize + (Raw is null ? 0 : Raw.NumberOfElements * Raw.ElementSize);

    /// <summary>The rows that labels of a kind belong to.</summary>
    public Tensor For(LabelKind kind) => kind != LabelKind.PerPosition || Raw is null ? Pooled : _perPosition ??= Source.PoolPositions(Raw);

    /// <summary>Whether the source still takes features where these were taken.</summary>
    public bool AreCurrent => Source is not LayerTap tap || tap.Generation == Generation;

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
