using System.Buffers.Binary;
using System.IO.Compression;

namespace EtfNet.Tests.Samples.Data;

/// <summary>Writes idx files for tests, right ones and wrong ones.</summary>
internal static class IdxBytes
{
    public static byte[] Idx(int[] sizes, byte[] values, int type = 0x08)
    {
        var bytes = new byte[4 + (4 * sizes.Length) + values.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, (type << 8) | sizes.Length);
        for (var i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * (i + 1)), sizes[i]);
        values.CopyTo(bytes, bytes.Length - values.Length);
        return bytes;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Optimal))
            stream.Write(content);
        return memory.ToArray();
    }

    public static byte[] Random(int count, int seed, int below = 256)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(below))];
    }

    /// <summary>Writes the four files of a small data set of 3 x 2 images.</summary>
    public static void WriteSet(string folder, int train = 40, int test = 20, int? trainLabels = null, int labelsBelow = 10)
    {
        Write("train", train, trainLabels ?? train);
        Write("t10k", test, test);

        void Write(string set, int images, int labels)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{set}-images-idx3-ubyte.gz"), Gzip(Idx([images, 3, 2], Random(images * 6, 1))));
            File.WriteAllBytes(Path.Combine(folder, $"{set}-labels-idx1-ubyte.gz"), Gzip(Idx([labels], Random(labels, 2, labelsBelow))));
        }
    }
}
