using EtfNet.Tests.Support;

namespace EtfNet.Tests.Fuzzing;

/// <summary>The committed inputs that fuzzing begins with, a folder for each target: valid files, and those that once did harm.</summary>
internal static class Corpus
{
    public static IReadOnlyList<byte[]> Of(FuzzTarget target)
    {
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Fuzzing", "Corpus", target.Name));
        return [.. files.Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }

    /// <summary>Writes the valid files anew, after a change of a format.</summary>
    public static void Write(string folder)
    {
        foreach (var (target, name, bytes) in CorpusFiles.Make())
        {
            Directory.CreateDirectory(Path.Combine(folder, target));
            File.WriteAllBytes(Path.Combine(folder, target, name), bytes);
        }
    }
}
