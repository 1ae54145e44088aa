using System.Buffers.Binary;
using System.Text;

namespace EtfNet.Tests.Support;

/// <summary>Safetensors files made by hand, by the published description alone.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Length, header, data; nothing is corrected.</summary>
    public static byte[] Raw(string header, params byte[] data)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        return [.. Length((ulong)bytes.Length), .. bytes, .. data];
    }

    public static byte[] Length(ulong length)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        return bytes;
    }

    public static string HeaderOf(byte[] file) => Encoding.UTF8.GetString(file, 8, (int)BinaryPrimitives.ReadUInt64LittleEndian(file));

    /// <summary>A file of this library after a change of its header and data, with a new length and a checksum that agrees.</summary>
    public static byte[] Changed(byte[] file, Func<string, string> header, Func<byte[], byte[]>? data = null)
    {
        var old = HeaderOf(file);
        var content = file[(8 + Encoding.UTF8.GetByteCount(old))..];
        return Signed(Raw(header(old), data?.Invoke(content) ?? content));
    }

    /// <summary>The file with the checksum that belongs to it, where its header has a place for one.</summary>
    public static byte[] Signed(byte[] file)
    {
        if (file.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(file) is var length && length > (ulong)file.Length - 8)
            return file;
        var name = "\"etfnet.sha256\":\""u8;
        var at = file.AsSpan(8, (int)length).IndexOf(name);
        if (at < 0 || at + name.Length + 64 > (int)length)
            return file;
        var signed = (byte[])file.Clone();
        var digits = signed.AsSpan(8 + at + name.Length, 64);
        digits.Fill((byte)'0');
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(signed.AsSpan(8))), digits);
        return signed;
    }

    public static StateSet Read(byte[] bytes) => SafetensorsReader.Read(new MemoryStream(bytes));

    public static byte[] Write(StateSet state)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, state);
        return stream.ToArray();
    }
}
