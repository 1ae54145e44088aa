using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EtfNet;

/// <summary>64 bits that stand for any number of bytes: the head of their SHA-256.</summary>
internal static class Fingerprint
{
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>The fingerprint of what was appended; the hash starts anew.</summary>
    public static ulong Finish(IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
