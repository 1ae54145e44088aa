using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>Opens files for reading.</summary>
internal static class Files
{
    /// <summary>Opens a file that is embedded, unzipped, as in <c>udhr/test.tsv.gz</c>.</summary>
    public static Stream Embedded(string name) => new GZipStream(Zipped(name), CompressionMode.Decompress);

    /// <summary>Opens a file that is embedded as it is.</summary>
    public static Stream Zipped(string name) => typeof(Files).Assembly.GetManifestResourceStream(name)!;

    /// <exception cref="SampleException">There is no such file, or it cannot be read.</exception>
    public static Stream Open(string path) =>
        Check.Explained(() => File.OpenRead(path), why => $"{path} cannot be read ({why}); correct --data, or use --data embedded.");
}
