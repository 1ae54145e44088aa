using System.Security.Cryptography;

namespace EtfNet;

/// <summary>The SHA-256 of a file: over its header, in which the checksum's own digits count as zeros, and its data.</summary>
internal sealed class Checksum : IDisposable
{
    /// <summary>The hexadecimal digits.</summary>
    public const int Length = 2 * SHA256.HashSizeInBytes;

    public static readonly string Blank = new('0', Length);

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <param name="header">The header's bytes.</param>
    /// <param name="at">Where the digits begin.</param>
    public Checksum(ReadOnlySpan<byte> header, int at)
    {
        _hash.AppendData(header[..at]);
        _hash.AppendData(System.Text.Encoding.ASCII.GetBytes(Blank));
        _hash.AppendData(header[(at + Length)..]);
    }

    public void Add(ReadOnlySpan<byte> data) => _hash.AppendData(data);

    /// <summary>The digits, in small letters.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
