using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>Opens files for reading.</summary>
internal static class Files
{
    /// <summary>The path of a file that comes with the samples, as in <c>udhr/test.tsv.gz</c>.</summary>
    public static string Own(string name) => Path.Combine(AppContext.BaseDirectory, "data", name);

    /// <summary>Opens a file; one that is zipped is unzipped.</summary>
    /// <exception cref="SampleException">There is no such file, or it cannot be read.</exception>
    public static Stream OpenUnzipped(string path) =>
        path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(Open(path), CompressionMode.Decompress) : Open(path);

    /// <exception cref="SampleException">There is no such file, or it cannot be read.</exception>
    public static Stream Open(string path) =>
        Check.Explained(() => File.OpenRead(path), why => $"{path} cannot be read ({why}); correct --data, or use --data embedded.");
}
