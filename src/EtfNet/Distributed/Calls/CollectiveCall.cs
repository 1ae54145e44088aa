using System.Buffers.Binary;
using System.Text;

namespace EtfNet;

/// <summary>One collective call of one rank: what must agree on all ranks.</summary>
internal readonly record struct CollectiveCall(CallKind Kind, long Count, int Root, string Purpose)
{
    /// <summary>The length of a call in bytes, however long its purpose.</summary>
    public const int EncodedLength = 128;

    private const int HeaderLength = 14;

    public static CollectiveCall Leave { get; } = new(CallKind.Leave, 0, 0, "");

    /// <exception cref="ArgumentOutOfRangeException">The root is no rank.</exception>
    public static CollectiveCall Broadcast(long count, int root, int size, string purpose)
    {
        if (root < 0 || root >= size)
            throw new ArgumentOutOfRangeException(nameof(root), root, $"Must be a rank, from 0 to {size - 1}.");
        return new CollectiveCall(CallKind.Broadcast, count, root, purpose);
    }

    /// <summary>A number of 63 bits that differs, in all likelihood, wherever two calls differ.</summary>
    public long Signature => (long)(Fingerprint.Of(Encode()) >> 1);

    public static CollectiveCall Decode(ReadOnlySpan<byte> bytes) => new(
        (CallKind)bytes[0], BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]),
        Encoding.UTF8.GetString(bytes.Slice(HeaderLength, bytes[HeaderLength - 1])));

    /// <summary>The call in <see cref="EncodedLength"/> bytes, its purpose cut where it is too long.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[EncodedLength];
        bytes[0] = (byte)Kind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(9), Root);
        Encoding.UTF8.GetEncoder().Convert(Purpose ?? "", bytes.AsSpan(HeaderLength), flush: false, out _, out var length, out _);
        bytes[HeaderLength - 1] = (byte)length;
        return bytes;
    }

    public override string ToString()
    {
        var call = Kind switch
        {
            CallKind.SumOfFloats => $"sum of {Words.Count(Count, "float")}",
            CallKind.SumOfDoubles => $"sum of {Words.Count(Count, "double")}",
            CallKind.Broadcast => $"broadcast of {Words.Count(Count, "byte")} from rank {Root}",
            CallKind.Barrier => "barrier",
            _ => "leave",
        };
        return string.IsNullOrEmpty(Purpose) ? call : $"{call} ({Purpose})";
    }
}
