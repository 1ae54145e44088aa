namespace EtfNet;

/// <summary>A tensor of a state: its type, its shape, and a way to its bytes in C order, little-endian, wherever they are.</summary>
/// <remarks>libtorch runs on little-endian machines only, so bytes are taken as they lie.</remarks>
internal abstract class StateTensor(TensorType type, IReadOnlyList<long> shape)
{
    /// <summary>The most bytes in one piece: an array holds 2 GiB at most. A multiple of every element's size.</summary>
    public const int MaxPiece = 1 << 28;

    public TensorType Type { get; } = type;

    public IReadOnlyList<long> Shape { get; } = shape;

    public long ByteCount { get; } = type.Bytes(shape)
        ?? throw new ArgumentException($"No tensor of {type} has the shape {Text(shape)}.", nameof(shape));

    /// <summary>Gives the bytes in order, in pieces of at most <see cref="MaxPiece"/>.</summary>
    public abstract void Read(Action<ReadOnlySpan<byte>> take);

    /// <summary>A copy in managed memory, which stays as it is whatever happens to the source.</summary>
    public virtual HeldTensor Hold()
    {
        var pieces = new List<byte[]>();
        Read(bytes => pieces.Add(bytes.ToArray()));
        return new HeldTensor(Type, [.. Shape], pieces);
    }

    /// <summary>Type and shape, as messages give them.</summary>
    public override string ToString() => $"{Type} {Text(Shape)}";

    /// <summary>Whether another tensor has this type and shape.</summary>
    public bool IsLike(TensorType type, IReadOnlyList<long> shape) => Type == type && Shape.SequenceEqual(shape);

    public static string Text(IEnumerable<long> shape) => $"({string.Join(", ", shape)})";
}
