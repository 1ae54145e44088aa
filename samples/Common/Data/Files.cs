using System.Buffers.Binary;
using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>Reads files.</summary>
internal static class Files
{
    private const string Zipped = ".gz";

    /// <summary>The path of a file that comes with the samples, as in <c>udhr/test.tsv.gz</c>.</summary>
    public static string Own(string name) => Path.Combine(AppContext.BaseDirectory, "data", name);

    /// <summary>The extension of a file, such as <c>.csv</c>; of one that is zipped, that of its content.</summary>
    public static string ExtensionOf(string path) => Path.GetExtension(IsZipped(path) ? path[..^Zipped.Length] : path);

    /// <summary>The content of a file; one that is zipped is unzipped.</summary>
    /// <exception cref="SampleException">There is no such file, or it cannot be read or is damaged.</exception>
    public static byte[] Read(string path)
    {
        var bytes = Check.Explained(() => File.ReadAllBytes(path),
            why => $"{path} cannot be read ({why}); give another file.");
        return IsZipped(path) ? Unzipped(bytes, Path.GetFileName(path)) : bytes;
    }

    /// <summary>The content of a gzip file.</summary>
    /// <param name="zipped">Its bytes.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="SampleException">The bytes are not a gzip file, or are cut off.</exception>
    public static byte[] Unzipped(byte[] zipped, string name)
    {
        return Check.Explained(Content, why => $"{name}: not a whole gzip file ({why}); get the file again.");

        byte[] Content()
        {
            using var memory = new MemoryStream();
            using (var stream = new GZipStream(new MemoryStream(zipped), CompressionMode.Decompress))
                stream.CopyTo(memory);
            // GZipStream takes a file that was cut off within its trailer for whole. The trailer's last four bytes are the length.
            // A file made of several has more than that.
            return zipped.Length > 4 && BinaryPrimitives.ReadUInt32LittleEndian(zipped.AsSpan(^4..)) <= memory.Length ? memory.ToArray()
                : throw new InvalidDataException("cut off");
        }
    }

    private static bool IsZipped(string path) => path.EndsWith(Zipped, StringComparison.Ordinal);
}
