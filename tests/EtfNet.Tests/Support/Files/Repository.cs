namespace EtfNet.Tests.Support;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string s_root = Find();

    public static string Path(string relative) => System.IO.Path.Combine(s_root, relative);

    /// <summary>README.md, all pages of docs, and the samples' overview and results, as paths from the root.</summary>
    public static IEnumerable<string> Pages() =>
    [
        "README.md", "samples/README.md",
        .. Directory.EnumerateFiles(Path("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path("samples"), "RESULTS.md", SearchOption.AllDirectories))
            .Select(file => System.IO.Path.GetRelativePath(s_root, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>Upwards from the test assembly: a deterministic build does not know its own source path.</summary>
    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "EtfNet.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests run from a folder inside the checkout.");
    }
}
