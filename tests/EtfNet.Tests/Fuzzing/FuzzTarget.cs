using System.IO.Compression;
using System.Text;
using EtfNet.Samples;
using EtfNet.Tests.Support;

namespace EtfNet.Tests.Fuzzing;

/// <summary>A parser that takes bytes from outside: it reads them, or refuses them by one kind of exception.</summary>
/// <param name="Name">Its name, and that of its folder in the corpus.</param>
/// <param name="Parse">Reads the bytes.</param>
/// <param name="Refusal">The exception that refuses them.</param>
/// <param name="Finish">Repairs a mutated input, so that it gets past a checksum to what is behind it; null: there is none.</param>
/// <param name="Expansion">How many bytes one byte of input may fairly become.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Parse, Type Refusal, Func<byte[], byte[]>? Finish = null, int Expansion = 256)
{
    private const int GzipExpansion = 3 * 1032;

    /// <summary>All parsers of the library and of the samples.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("plan", bytes => EtfPlan.Parse(Encoding.UTF8.GetString(bytes)), typeof(EtfStateException)),
        new("state", bytes => Read(bytes, SavedState.Load), typeof(EtfStateException), SafetensorsBytes.Signed),
        new("idx", bytes => IdxFile.Read(Files.Unzipped(bytes, "idx"), "idx", dimensions: 3), typeof(SampleException), Gzip,
            GzipExpansion),
        new("text", bytes => Read(bytes, stream => LabeledTexts.Read(stream, "text", length: 4).Inputs), typeof(SampleException)),
        new("csv", bytes => Read(bytes, stream => CsvTable.Read(stream, "csv").Inputs), typeof(SampleException)),
        new("cifar", bytes => CifarImages.Read(bytes, "cifar", labelBytes: 1, classes: 10).Dispose(), typeof(SampleException)),
    ];

    private static void Read<T>(byte[] bytes, Func<Stream, T> read)
    {
        using var stream = new MemoryStream(bytes);
        (read(stream) as IDisposable)?.Dispose();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.NoCompression))
            stream.Write(bytes);
        return memory.ToArray();
    }
}
